// The small parts that pages are made of.
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import type { IconName } from './icons'
import { ApiError } from '../api/client'
import { t } from '../i18n/i18n'
import { errorText, requestOf } from './errors'
import { Icon } from './icons'

type Kind = 'primary' | 'plain' | 'quiet' | 'danger'

interface ButtonProps {
  kind?: Kind
  icon?: IconName
  busy?: boolean
  disabled?: boolean
  type?: 'button' | 'submit'
  onClick?: (e: JSX.TargetedMouseEvent<HTMLButtonElement>) => void
  label?: string // for a button that shows an icon only
  pressed?: boolean
  small?: boolean
  children?: ComponentChildren
}

export function Button(p: ButtonProps) {
  const only = p.children === undefined
  const cls = ['btn', `btn-${p.kind ?? 'plain'}`, only ? 'btn-icon' : '', p.small === true ? 'btn-small' : '']
  return (
    <button
      type={p.type ?? 'button'}
      class={cls.filter(Boolean).join(' ')}
      disabled={p.disabled === true || p.busy === true}
      aria-busy={p.busy === true}
      aria-label={p.label}
      title={only ? p.label : undefined}
      aria-pressed={p.pressed}
      onClick={p.onClick}
    >
      {p.busy === true ? <span class="spin" aria-hidden="true" /> : p.icon !== undefined && <Icon name={p.icon} size={18} />}
      {!only && <span>{p.children}</span>}
    </button>
  )
}

interface LinkProps {
  href: string
  kind?: Kind
  icon?: IconName
  download?: boolean | string
  small?: boolean
  children: ComponentChildren
}

/** A link that looks like a button. */
export function ButtonLink(p: LinkProps) {
  return (
    <a
      class={`btn btn-${p.kind ?? 'plain'}${p.small === true ? ' btn-small' : ''}`}
      href={p.href}
      download={p.download === false ? undefined : p.download}
    >
      {p.icon !== undefined && <Icon name={p.icon} size={18} />}
      <span>{p.children}</span>
    </a>
  )
}

interface FieldProps {
  label: string
  hint?: string | undefined
  error?: string | null | undefined
  optional?: boolean
  children: (a: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ComponentChildren
}

/** A labelled control with its hint and its error, tied together for screen readers. */
export function Field({ label, hint, error, optional, children }: FieldProps) {
  const id = useId()
  const says = [hint !== undefined ? `${id}h` : '', error ? `${id}e` : ''].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={id}>
        {label}
        {optional === true && <span class="optional"> {t('form.optional')}</span>}
      </label>
      {children({ id, 'aria-describedby': says === '' ? undefined : says, 'aria-invalid': Boolean(error) })}
      {hint !== undefined && (
        <p class="hint" id={`${id}h`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}e`}>
          {error}
        </p>
      )}
    </div>
  )
}

export function Spinner({ label }: { label?: string }) {
  return (
    <p class="loading" role="status">
      <span class="spin" aria-hidden="true" />
      {label ?? t('state.loading')}
    </p>
  )
}

export function Empty(p: { icon: IconName; title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={p.icon} size={28} />
      </span>
      <p class="empty-title">{p.title}</p>
      {p.children !== undefined && <p class="empty-text">{p.children}</p>}
      {p.action}
    </div>
  )
}

export function Banner(p: { kind: 'ok' | 'warn' | 'danger' | 'info'; children: ComponentChildren; live?: boolean }) {
  const icon: IconName = p.kind === 'ok' ? 'check' : p.kind === 'info' ? 'info' : 'warn'
  return (
    <div class={`banner banner-${p.kind}`} role={p.live === true ? 'alert' : undefined}>
      <Icon name={icon} size={18} />
      <div class="banner-text">{p.children}</div>
    </div>
  )
}

/** What went wrong, and a way to go on. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const request = requestOf(error)
  return (
    <Banner kind="danger" live>
      <p>{errorText(error)}</p>
      {request !== null && <p class="fine">{t('error.request', { id: request })}</p>}
      {retry !== undefined && (
        <Button small icon="retry" onClick={retry}>
          {t('action.tryAgain')}
        </Button>
      )}
    </Banner>
  )
}

export interface Crumb {
  href: string
  text: string
}

/**
 * The head of a page. The tab's title never holds a patient's name: titles stay
 * in the browser's history. The heading takes the focus when a page opens.
 */
export function PageHead(p: {
  title: string
  tab?: string
  crumbs?: readonly Crumb[]
  sub?: ComponentChildren
  children?: ComponentChildren
}) {
  const h1 = useRef<HTMLHeadingElement>(null)
  const tab = p.tab ?? p.title
  useEffect(() => {
    document.title = `${tab} · Segward`
  }, [tab])
  useEffect(() => {
    h1.current?.focus({ preventScroll: true })
  }, [])
  return (
    <header class="page-head">
      {p.crumbs !== undefined && (
        <nav class="crumbs" aria-label={t('nav.crumbs')}>
          {p.crumbs.map((c) => (
            <a key={c.href} href={c.href}>
              {c.text}
            </a>
          ))}
        </nav>
      )}
      <div class="page-title">
        <div class="page-title-text">
          <h1 ref={h1} tabIndex={-1}>
            {p.title}
          </h1>
          {p.sub !== undefined && <p class="page-sub">{p.sub}</p>}
        </div>
        {p.children !== undefined && <div class="actions">{p.children}</div>}
      </div>
    </header>
  )
}

/** A page whose main thing could not be had. */
export function PageFailure({ error, retry }: { error: unknown; retry: () => void }) {
  const gone = error instanceof ApiError && error.status === 404
  return (
    <>
      <PageHead title={gone ? t('notfound.title') : t('state.failed')} />
      {gone ? (
        <section class="panel">
          <Empty icon="search" title={t('notfound.head')} action={<ButtonLink href="/">{t('nav.home')}</ButtonLink>}>
            {t('notfound.text')}
          </Empty>
        </section>
      ) : (
        <Failure error={error} retry={retry} />
      )}
    </>
  )
}

/** A modal dialog on the browser's own <dialog>: focus stays inside, Escape closes. */
export function Dialog(p: { title: string; onClose: () => void; cls?: string; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const d = ref.current
    if (d === null) return undefined
    const back = document.activeElement
    if (!d.open) d.showModal()
    return () => {
      d.close()
      if (back instanceof HTMLElement) back.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      class={p.cls ?? 'dialog'}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault()
        p.onClose()
      }}
      onClick={(e) => {
        if (e.target === ref.current) p.onClose() // the backdrop
      }}
    >
      <div class="dialog-box">
        <div class="dialog-head">
          <h2 id={id}>{p.title}</h2>
          <Button kind="quiet" icon="close" label={t('action.close')} onClick={p.onClose} />
        </div>
        {p.children}
      </div>
    </dialog>
  )
}

/** Ask before something that cannot be undone here. */
export function Confirm(p: {
  title: string
  text: string
  verb: string
  busy: boolean
  error: unknown
  onYes: () => void
  onNo: () => void
}) {
  return (
    <Dialog title={p.title} onClose={p.onNo}>
      <p>{p.text}</p>
      {p.error !== null && <Failure error={p.error} />}
      <div class="dialog-actions">
        <Button onClick={p.onNo}>{t('action.cancel')}</Button>
        <Button kind="danger" busy={p.busy} onClick={p.onYes}>
          {p.verb}
        </Button>
      </div>
    </Dialog>
  )
}

export function Progress({ value, label }: { value: number; label: string }) {
  return <progress class="progress" max={1} value={Math.min(1, Math.max(0, value))} aria-label={label} />
}

export function Tag({ kind, children }: { kind: 'ok' | 'warn' | 'danger' | 'info' | 'plain'; children: ComponentChildren }) {
  return <span class={`tag tag-${kind}`}>{children}</span>
}
