// Numbers, dates, sizes and spans of time in the language in use.
import { language, t } from './i18n'

/** English is written for the world: 12 May 2026, not May 12. */
function dateLocale(): string {
  return language() === 'en' ? 'en-GB' : language()
}

const formats = new Map<string, Intl.NumberFormat>()

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language() + JSON.stringify(options)
  let f = formats.get(key)
  if (f === undefined) {
    f = new Intl.NumberFormat(language(), options)
    formats.set(key, f)
  }
  return f
}

/** With `digits` decimals, or up to two where not given. */
export function num(n: number, digits?: number): string {
  return digits === undefined
    ? numberFormat({ maximumFractionDigits: 2 }).format(n)
    : numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n)
}

export function percent(share: number, digits = 0): string {
  return numberFormat({ style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share)
}

/** A change with its sign: +3.2 %. */
export function change(share: number): string {
  return numberFormat({
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
    signDisplay: 'exceptZero',
  }).format(share)
}

/** A threshold of so many thousandths, at two decimals, three when it has them. */
export function threshold(milli: number): string {
  return num(milli / 1000, milli % 10 === 0 ? 2 : 3)
}

/** mm2, with the decimals that its size deserves. */
export function area(mm2: number): string {
  return t('unit.mm2', { v: num(mm2, mm2 >= 1000 ? 0 : mm2 >= 10 ? 1 : 2) })
}

export function bytes(n: number): string {
  if (n < 1000) return t('unit.b', { v: num(n, 0) })
  if (n < 1e6) return t('unit.kb', { v: num(n / 1e3, n < 1e4 ? 1 : 0) })
  if (n < 1e9) return t('unit.mb', { v: num(n / 1e6, n < 1e7 ? 1 : 0) })
  return t('unit.gb', { v: num(n / 1e9, 2) })
}

export function milliseconds(ms: number): string {
  return ms < 1000 ? t('unit.ms', { v: num(ms, ms < 10 ? 1 : 0) }) : t('unit.s', { v: num(ms / 1000, 1) })
}

/** A span for waiting people: no false precision. */
export function span(seconds: number): string {
  if (seconds < 1) return t('span.lessThanSecond')
  if (seconds < 90) return t('span.seconds', { n: Math.round(seconds) })
  if (seconds < 90 * 60) return t('span.minutes', { n: Math.round(seconds / 60) })
  return t('span.hours', { n: Math.round(seconds / 3600) })
}

/** A calendar day (YYYY-MM-DD): never moved by the time zone. */
export function day(iso: string | null): string {
  const m = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso ?? '')
  if (m === null) return '–'
  const d = new Date(Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3])))
  return new Intl.DateTimeFormat(dateLocale(), { dateStyle: 'medium', timeZone: 'UTC' }).format(d)
}

/** A moment in local time. */
export function moment(iso: string | null): string {
  const d = new Date(iso ?? 'x')
  if (Number.isNaN(d.getTime())) return '–'
  return new Intl.DateTimeFormat(dateLocale(), { dateStyle: 'medium', timeStyle: 'short' }).format(d)
}

/** How long ago, for recent things; the moment itself after a week. */
export function ago(iso: string, now = Date.now()): string {
  const s = (new Date(iso).getTime() - now) / 1000
  if (!Number.isFinite(s)) return '–'
  if (s > -45) return t('span.justNow')
  const f = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' })
  if (s > -3600) return f.format(Math.round(s / 60), 'minute')
  if (s > -86400) return f.format(Math.round(s / 3600), 'hour')
  if (s > -7 * 86400) return f.format(Math.round(s / 86400), 'day')
  return moment(iso)
}

export function list(items: readonly string[]): string {
  return new Intl.ListFormat(language(), { type: 'conjunction' }).format(items)
}
