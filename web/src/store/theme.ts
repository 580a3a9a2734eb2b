// Dark, light, or as the system says. public/theme.js applies the stored one before the first paint.
import { signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'
const STORED = 'sg.theme'

function stored(): Theme {
  const now = document.documentElement.dataset['theme']
  return now === 'dark' || now === 'light' ? now : 'system'
}

export const theme = signal<Theme>(stored())

export function setTheme(t: Theme): void {
  theme.value = t
  if (t === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = t
  try {
    if (t === 'system') localStorage.removeItem(STORED)
    else localStorage.setItem(STORED, t)
  } catch {
    // the choice lasts for this page only
  }
}
