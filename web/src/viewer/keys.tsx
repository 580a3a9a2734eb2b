// Keys of the viewer. One table: the handler and the help sheet both read it.
import { t } from '../i18n/i18n'
import { Dialog } from '../ui/parts'

export type Command =
  | 'finerDown'
  | 'finerUp'
  | 'coarserDown'
  | 'coarserUp'
  | 'default'
  | 'style'
  | 'peek'
  | 'opacityDown'
  | 'opacityUp'
  | 'zoomIn'
  | 'zoomOut'
  | 'fit'
  | 'actual'
  | 'invert'
  | 'left'
  | 'right'
  | 'up'
  | 'down'
  | 'save'
  | 'help'

interface Binding {
  keys: readonly string[] // KeyboardEvent.key
  shown: string
  command: Command
}

export const BINDINGS: readonly Binding[] = [
  { keys: ['['], shown: '[', command: 'finerDown' },
  { keys: [']'], shown: ']', command: 'finerUp' },
  { keys: ['{'], shown: 'Shift [', command: 'coarserDown' },
  { keys: ['}'], shown: 'Shift ]', command: 'coarserUp' },
  { keys: ['d', 'D'], shown: 'D', command: 'default' },
  { keys: ['s', 'S'], shown: 'S', command: 'save' },
  { keys: ['o', 'O'], shown: 'O', command: 'style' },
  { keys: [' '], shown: '␣', command: 'peek' },
  { keys: [','], shown: ',', command: 'opacityDown' },
  { keys: ['.'], shown: '.', command: 'opacityUp' },
  { keys: ['+', '='], shown: '+', command: 'zoomIn' },
  { keys: ['-', '_'], shown: '−', command: 'zoomOut' },
  { keys: ['0'], shown: '0', command: 'fit' },
  { keys: ['1'], shown: '1', command: 'actual' },
  { keys: ['i', 'I'], shown: 'I', command: 'invert' },
  { keys: ['ArrowLeft'], shown: '←', command: 'left' },
  { keys: ['ArrowRight'], shown: '→', command: 'right' },
  { keys: ['ArrowUp'], shown: '↑', command: 'up' },
  { keys: ['ArrowDown'], shown: '↓', command: 'down' },
  { keys: ['?'], shown: '?', command: 'help' },
]

export function commandOf(key: string): Command | null {
  return BINDINGS.find((b) => b.keys.includes(key))?.command ?? null
}

/** Keys belong to the viewer unless somebody is typing, choosing or in a dialog. */
export function keysApply(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return false
  if (!(target instanceof HTMLElement)) return true
  return target === document.body || target.closest('.viewer-canvas, .result, h1') !== null
}

export function takesKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement && target.type === 'range') return key.startsWith('Arrow')
  if (target.matches('input, select, textarea')) return true
  return key === ' ' && target.matches('button, a, summary')
}

const STORED = 'sg.keys'

/** Single keys can be turned off by people whose input device sends stray ones (WCAG 2.1.4). */
export function keysEnabled(): boolean {
  try {
    return localStorage.getItem(STORED) !== 'off'
  } catch {
    return true
  }
}

export function KeySheet(p: { enabled: boolean; onEnabled: (on: boolean) => void; onClose: () => void }) {
  return (
    <Dialog title={t('keys.title')} onClose={p.onClose}>
      <dl class="keys">
        {BINDINGS.map((b) => (
          <div key={b.command}>
            <dt>
              <kbd>{b.shown}</kbd>
            </dt>
            <dd>{t(`keys.${b.command}`)}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">{t('keys.mouse')}</p>
      <label class="check">
        <input
          type="checkbox"
          checked={p.enabled}
          onChange={(e) => {
            const on = e.currentTarget.checked
            try {
              localStorage.setItem(STORED, on ? 'on' : 'off')
            } catch {
              // holds until the page is left
            }
            p.onEnabled(on)
          }}
        />
        {t('keys.enabled')}
      </label>
    </Dialog>
  )
}
