// Who is logged in. `undefined` while not yet known, null when nobody is.
import { computed, signal } from '@preact/signals'
import type { Account, Role, Session } from './api/types'
import { ApiError, onUnauthorized, setCsrf } from './api/client'
import * as api from './api/calls'
import { location, navigate, safeNext } from './router'
import { language, useLanguage } from './i18n/i18n'

export const account = signal<Account | null | undefined>(undefined)
export const role = computed<Role | null>(() => account.value?.role ?? null)

/** True after the server ended a session under somebody's hands: log-in says so. */
export const ended = signal(false)

export function begin(s: Session): void {
  setCsrf(s.csrf)
  account.value = s.account
  ended.value = false
  if (s.account.language !== language()) void useLanguage(s.account.language)
}

/** Ask the server who this browser is. Any failure but 401 is passed on. */
export async function resume(signal: AbortSignal): Promise<void> {
  try {
    begin(await api.me(signal))
  } catch (e) {
    if (!(e instanceof ApiError && e.status === 401)) throw e
    account.value = null
  }
}

export function forget(): void {
  setCsrf('')
  account.value = null
}

export async function leave(everywhere: boolean, signal: AbortSignal): Promise<void> {
  try {
    await (everywhere ? api.logoutEverywhere(signal) : api.logout(signal))
  } catch (e) {
    if (!(e instanceof ApiError && e.status === 401)) throw e
  }
  forget()
  navigate('/login')
}

export function watchSessionEnd(): void {
  onUnauthorized(() => {
    if (account.value === null) return
    ended.value = account.value !== undefined
    forget()
    if (!location.value.startsWith('/login')) {
      navigate(`/login?next=${encodeURIComponent(safeNext(location.value))}`, { replace: true })
    }
  })
}
