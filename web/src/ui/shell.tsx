// The frame of every page behind the door: head bar, navigation by role, notices.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Role } from '../api/types'
import type { IconName } from './icons'
import { t } from '../i18n/i18n'
import { location } from '../router'
import { account } from '../session'
import { activeJobs } from '../store/jobs'
import { dismiss, notices } from '../store/notice'
import { ThemeButton } from './choices'
import { Icon, Mark } from './icons'
import { JobTray } from './jobs'
import { Button } from './parts'

interface Entry {
  href: string
  icon: IconName
  text: 'nav.home' | 'nav.patients' | 'nav.models' | 'nav.accounts' | 'nav.reports'
  roles: readonly Role[]
}

const NAV: readonly Entry[] = [
  { href: '/', icon: 'home', text: 'nav.home', roles: ['doctor', 'researcher', 'admin'] },
  { href: '/patients', icon: 'people', text: 'nav.patients', roles: ['doctor'] },
  { href: '/models', icon: 'model', text: 'nav.models', roles: ['doctor', 'researcher', 'admin'] },
  { href: '/accounts', icon: 'accounts', text: 'nav.accounts', roles: ['admin'] },
  { href: '/reports', icon: 'report', text: 'nav.reports', roles: ['admin'] },
]

/** Studies, scans and results lie under patients. */
function here(href: string, path: string): boolean {
  if (href === '/') return path === '/'
  if (href === '/patients' && /^\/(studies|segmentations|scans)\//.test(path)) return true
  return path === href || path.startsWith(`${href}/`)
}

export function Notices() {
  return (
    <div class="notices" aria-live="polite">
      {notices.value.map((n) => (
        <div key={n.key} class={`notice notice-${n.kind}`}>
          <Icon name={n.kind === 'ok' ? 'check' : 'warn'} size={18} />
          <span>{n.text}</span>
          <Button small kind="quiet" icon="close" label={t('action.close')} onClick={() => dismiss(n.key)} />
        </div>
      ))}
    </div>
  )
}

export function Shell({ children }: { children: ComponentChildren }) {
  const [tray, setTray] = useState(false)
  const who = account.value
  if (!who) return null
  const path = location.value.split('?')[0] ?? '/'
  const entries = NAV.filter((e) => e.roles.includes(who.role))
  const active = activeJobs.value.length
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {t('nav.skip')}
      </a>
      <header class="bar">
        <a class="brand" href="/">
          <Mark />
          Segward
        </a>
        <nav class="nav" aria-label={t('nav.main')}>
          {entries.map((e) => (
            <a key={e.href} href={e.href} aria-current={here(e.href, path) ? 'page' : undefined}>
              <Icon name={e.icon} />
              <span>{t(e.text)}</span>
            </a>
          ))}
        </nav>
        <div class="bar-end">
          <button
            type="button"
            class={`btn btn-quiet jobs-button${active > 0 ? ' jobs-active' : ''}`}
            onClick={() => setTray(true)}
          >
            {active > 0 ? <span class="spin" aria-hidden="true" /> : <Icon name="clock" size={18} />}
            <span>{active > 0 ? t('jobs.active', { n: active }) : t('jobs.title')}</span>
          </button>
          <ThemeButton />
          <a
            class="btn btn-quiet me-link"
            href="/me"
            aria-label={t('nav.meOf', { name: who.name })}
            aria-current={path === '/me' ? 'page' : undefined}
          >
            <Icon name="person" size={18} />
            <span>{who.name}</span>
          </a>
        </div>
      </header>
      <main id="main" class={path.startsWith('/segmentations/') ? 'main main-wide' : 'main'} tabIndex={-1}>
        {children}
      </main>
      {tray && <JobTray onClose={() => setTray(false)} />}
    </div>
  )
}
