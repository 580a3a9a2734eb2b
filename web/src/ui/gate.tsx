// The frame of the pages in front of the door: log-in and registration.
import type { ComponentChildren } from 'preact'
import { t } from '../i18n/i18n'
import { Mark } from './icons'
import { LanguageChoice, ThemeButton } from './choices'

export function Gate({ children }: { children: ComponentChildren }) {
  return (
    <div class="gate">
      <div class="gate-art" aria-hidden="true">
        <img src="/contours.svg" alt="" width="720" height="720" />
      </div>
      <div class="gate-side">
        <div class="gate-top">
          <span class="brand">
            <Mark />
            Segward
          </span>
          <span class="gate-choices">
            <LanguageChoice />
            <ThemeButton />
          </span>
        </div>
        <main id="main" class="gate-main">
          {children}
        </main>
        <p class="gate-foot">{t('gate.foot')}</p>
      </div>
    </div>
  )
}
