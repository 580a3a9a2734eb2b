import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { isAbort } from '../api/client'

export interface Loaded<T> {
  data: T | null
  error: unknown
  loading: boolean
  reload: () => void
  set: (data: T) => void
}

/**
 * Load something for a page. A new `key` is a new thing: the old one goes from
 * the screen. A new `pulse` reads the same thing again and keeps showing the
 * old state meanwhile. Leaving the page aborts the call.
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>, pulse = ''): Loaded<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: unknown; loading: boolean }>({
    key,
    data: null,
    error: null,
    loading: true,
  })
  const [tick, setTick] = useState(0)
  const fn = useRef(load)
  fn.current = load

  useEffect(() => {
    const abort = new AbortController()
    setState((s) => (s.key === key ? { ...s, loading: true } : { key, data: null, error: null, loading: true }))
    fn.current(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ key, data, error: null, loading: false })
      },
      (error: unknown) => {
        if (!abort.signal.aborted && !isAbort(error)) setState((s) => ({ ...s, key, error, loading: false }))
      },
    )
    return () => abort.abort()
  }, [key, pulse, tick])

  const reload = useCallback(() => setTick((n) => n + 1), [])
  const set = useCallback((data: T) => setState((s) => ({ ...s, data })), [])
  return state.key === key
    ? { data: state.data, error: state.error, loading: state.loading, reload, set }
    : { data: null, error: null, loading: true, reload, set }
}

export interface Action<A extends unknown[]> {
  run: (...args: A) => void
  busy: boolean
  error: unknown
  clear: () => void
}

/** Something a button does: one at a time, its error kept for showing. Ends with the page unless `lasting`. */
export function useAction<A extends unknown[]>(
  act: (signal: AbortSignal, ...args: A) => Promise<void>,
): Action<A> {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const abort = useRef<AbortController | null>(null)
  const alive = useRef(true)

  useEffect(() => {
    alive.current = true
    return () => {
      alive.current = false
      abort.current?.abort()
    }
  }, [])

  const run = (...args: A) => {
    if (busy) return
    const mine = new AbortController()
    abort.current = mine
    setBusy(true)
    setError(null)
    act(mine.signal, ...args)
      .catch((e: unknown) => {
        if (!isAbort(e) && alive.current) setError(e)
      })
      .finally(() => {
        if (alive.current) setBusy(false)
      })
  }
  return { run, busy, error, clear: () => setError(null) }
}

/** A value that follows after a pause, for searching while somebody types. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}
