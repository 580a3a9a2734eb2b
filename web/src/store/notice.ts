// Short notices at the foot of the page; read out by screen readers.
import { signal } from '@preact/signals'

export interface Notice {
  key: number
  kind: 'ok' | 'error'
  text: string
}

export const notices = signal<readonly Notice[]>([])
let next = 1

export function dismiss(key: number): void {
  notices.value = notices.value.filter((n) => n.key !== key)
}

export function notify(text: string, kind: Notice['kind'] = 'ok'): void {
  const key = next++
  notices.value = [...notices.value.slice(-2), { key, kind, text }]
  if (kind === 'ok') window.setTimeout(() => dismiss(key), 6000)
}
