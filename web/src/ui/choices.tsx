// Language and theme, changeable anywhere.
import type { Language } from '../api/types'
import * as api from '../api/calls'
import { LANGUAGES, isLanguage, language, t, useLanguage } from '../i18n/i18n'
import { account } from '../session'
import { setTheme, theme } from '../store/theme'
import { Button } from './parts'

/** Take a language at once, and keep it with the account where there is one. */
export async function chooseLanguage(code: Language): Promise<void> {
  await useLanguage(code)
  const who = account.value
  if (!who || who.language === code) return
  account.value = (await api.setLanguage(code, new AbortController().signal)).account
}

export function LanguageChoice() {
  return (
    <select
      class="select-quiet"
      aria-label={t('choice.language')}
      value={language()}
      onChange={(e) => {
        const v = e.currentTarget.value
        if (isLanguage(v)) chooseLanguage(v).catch(() => undefined) // shown at once; kept in this browser anyway
      }}
    >
      {LANGUAGES.map((l) => (
        <option key={l.code} value={l.code} lang={l.code}>
          {l.name}
        </option>
      ))}
    </select>
  )
}

export function ThemeButton() {
  const dark =
    theme.value === 'dark' || (theme.value === 'system' && window.matchMedia('(prefers-color-scheme: dark)').matches)
  return (
    <Button
      kind="quiet"
      icon={dark ? 'sun' : 'moon'}
      label={dark ? t('choice.light') : t('choice.dark')}
      onClick={() => setTheme(dark ? 'light' : 'dark')}
    />
  )
}
