// The address bar as state. Paths are the deep links of the portal; links are
// plain <a href>, caught here so that following one does not reload the page.
import { signal } from '@preact/signals'

/** Path and query of the page shown now, without host and fragment. */
export const location = signal(window.location.pathname + window.location.search)

export type Params = Readonly<Record<string, string>>

/** Values of `:name` parts when `path` fits `pattern`, else null. */
export function matchPath(pattern: string, path: string): Params | null {
  const want = pattern.split('/').filter(Boolean)
  const have = (path.split('?')[0] ?? '').split('/').filter(Boolean)
  if (want.length !== have.length) return null
  const params: Record<string, string> = {}
  for (let i = 0; i < want.length; i++) {
    const w = want[i] ?? ''
    const h = have[i] ?? ''
    if (!w.startsWith(':')) {
      if (w !== h) return null
      continue
    }
    try {
      params[w.slice(1)] = decodeURIComponent(h)
    } catch {
      return null // a broken %-escape names nothing
    }
  }
  return params
}

export function queryParam(name: string): string | null {
  const at = location.value.indexOf('?')
  return at < 0 ? null : new URLSearchParams(location.value.slice(at)).get(name)
}

/** Only a path of this site may be followed after log-in, never another host. */
export function safeNext(next: string | null): string {
  if (next === null || !/^\/(?![/\\])/.test(next) || next.startsWith('/login')) return '/'
  return next
}

export function navigate(to: string, how: { replace?: boolean } = {}): void {
  if (how.replace === true) history.replaceState(null, '', to)
  else if (to !== window.location.pathname + window.location.search) history.pushState(null, '', to)
  location.value = window.location.pathname + window.location.search
  if (how.replace !== true) window.scrollTo(0, 0)
}

function isOurs(a: HTMLAnchorElement): boolean {
  return (
    a.origin === window.location.origin &&
    !a.hasAttribute('download') &&
    (a.target === '' || a.target === '_self') &&
    !a.pathname.startsWith('/api/') &&
    a.getAttribute('href')?.startsWith('#') !== true
  )
}

export function startRouter(): void {
  window.addEventListener('popstate', () => {
    location.value = window.location.pathname + window.location.search
  })
  document.addEventListener('click', (ev) => {
    if (ev.defaultPrevented || ev.button !== 0 || ev.metaKey || ev.ctrlKey || ev.shiftKey || ev.altKey) return
    const a = ev.target instanceof Element ? ev.target.closest('a') : null
    if (a === null || !isOurs(a)) return
    ev.preventDefault()
    navigate(a.pathname + a.search)
  })
}
