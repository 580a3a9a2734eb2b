// The language in use: messages, plural forms, numbers and dates.
// Components that call t() or a format function are drawn anew when it changes.
import { signal } from '@preact/signals'
import type { Language } from '../api/types'
import type { AnyMessages, Args, Key } from './types'

export const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: 'en', name: 'English' },
  { code: 'zh-CN', name: '简体中文' },
  { code: 'ru', name: 'Русский' },
]

const STORED = 'sg.language'

interface Tongue {
  code: Language
  messages: AnyMessages
  plural: Intl.PluralRules
}

const load: Readonly<Record<Language, () => Promise<AnyMessages>>> = {
  en: async () => (await import('./en')).en,
  'zh-CN': async () => (await import('./zh-CN')).zhCN,
  ru: async () => (await import('./ru')).ru,
}

const tongue = signal<Tongue | null>(null)

export function language(): Language {
  return tongue.value?.code ?? 'en'
}

export function isLanguage(s: string | null): s is Language {
  return s === 'en' || s === 'zh-CN' || s === 'ru'
}

/** The language chosen before, else the first of the browser's that we speak. */
export function preferredLanguage(): Language {
  let stored: string | null = null
  try {
    stored = localStorage.getItem(STORED)
  } catch {
    // no storage: the browser's languages decide
  }
  if (isLanguage(stored)) return stored
  for (const l of navigator.languages) {
    const s = l.toLowerCase()
    if (s.startsWith('zh')) return 'zh-CN'
    if (s.startsWith('ru')) return 'ru'
    if (s.startsWith('en')) return 'en'
  }
  return 'en'
}

export function setTongue(code: Language, messages: AnyMessages): void {
  tongue.value = { code, messages, plural: new Intl.PluralRules(code) }
}

export async function useLanguage(code: Language): Promise<void> {
  setTongue(code, await load[code]())
  document.documentElement.lang = code
  try {
    localStorage.setItem(STORED, code)
  } catch {
    // the choice lasts for this page only
  }
}

/** Fill the places of a message; numbers are written as the language writes them. */
export function fill(text: string, values: Readonly<Record<string, string | number>>, code: Language): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const v = values[name]
    if (v === undefined) return whole
    return typeof v === 'number' ? new Intl.NumberFormat(code).format(v) : v
  })
}

export function t<K extends Key>(key: K, ...args: Args<K>): string {
  const now = tongue.value
  if (now === null) return ''
  const values: Readonly<Record<string, string | number>> = args[0] ?? {}
  const m = now.messages[key]
  if (typeof m === 'string') return fill(m, values, now.code)
  const form = now.plural.select(Number(values['n'] ?? 0))
  return fill(m[form] ?? m.other ?? m.many ?? '', values, now.code)
}

/** A message that may not exist, such as one for a code the server invented later. */
export function tMaybe(key: string): string | null {
  const now = tongue.value
  if (now === null || !Object.hasOwn(now.messages, key)) return null
  const m = now.messages[key as Key]
  return typeof m === 'string' ? m : null
}
