// From a thrown thing to a sentence a person can act on, in their language.
import { ApiError } from '../api/client'
import { t, tMaybe } from '../i18n/i18n'
import { span } from '../i18n/format'

/** The sentence for a code, else what the server said, else the general one of its status. */
export function errorText(e: unknown): string {
  if (!(e instanceof ApiError)) return t('error.unexpected')
  if (e.retryAfter !== null && e.status === 429) return t('error.waitFor', { span: span(e.retryAfter) })
  const own = tMaybe(`error.${e.code}`)
  if (own !== null) return own
  if (e.status >= 500) return t('error.server')
  if (e.detail !== '') return e.detail
  return e.status === 404 ? t('error.not_found') : t('error.unexpected')
}

/** The reason of a report line or failed job: our words for the code, else the server's. */
export function reasonText(code: string, text: string): string {
  return tMaybe(`reason.${code}`) ?? text
}

export function requestOf(e: unknown): string | null {
  return e instanceof ApiError ? e.request : null
}
