// The only place that calls fetch. Every failure becomes one ApiError; every
// call takes an AbortSignal, and an abort is passed on as the AbortError it is.
//
// Writing calls carry the session's CSRF token. When another tab has logged in
// anew, the token here is stale: the server says so, the token is asked for
// once more, and the call is repeated. The repeat is safe because the server
// refuses such a call before doing anything.

/** A failed call: the server's problem+json (fcgi/reply.c), or our own word for what went wrong. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly status: number, // 0: no answer came
    readonly code: string,
    readonly detail: string,
    readonly request: string | null = null, // to quote to an administrator
    readonly retryAfter: number | null = null, // seconds
  ) {
    super(`${code} (${status})`)
  }
}

export function isAbort(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'AbortError'
}

let csrf = ''
let onSessionEnded: () => void = () => undefined

export function setCsrf(token: string): void {
  csrf = token
}

/** Called whenever the server no longer knows the session (401 outside log-in). */
export function onUnauthorized(f: () => void): void {
  onSessionEnded = f
}

export interface Call {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  json?: unknown
  body?: Blob
  headers?: Readonly<Record<string, string>>
  signal: AbortSignal
  quiet401?: boolean // the caller deals with 401 itself
}

const BY_STATUS: Readonly<Record<number, string>> = {
  401: 'session_ended',
  403: 'forbidden',
  404: 'not_found',
  413: 'too_large',
  429: 'too_many',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
  507: 'disk_full',
}

async function toError(res: Response): Promise<ApiError> {
  const wait = Number(res.headers.get('Retry-After') ?? 'x')
  const retryAfter = Number.isFinite(wait) ? wait : null
  let code = BY_STATUS[res.status] ?? `http_${res.status}`
  let detail = ''
  let request: string | null = null
  if ((res.headers.get('Content-Type') ?? '').includes('json')) {
    try {
      const p: unknown = await res.json()
      if (typeof p === 'object' && p !== null) {
        if ('code' in p && typeof p.code === 'string') code = p.code
        if ('detail' in p && typeof p.detail === 'string') detail = p.detail
        if ('request' in p && typeof p.request === 'string') request = p.request
      }
    } catch {
      // a cut answer: the status alone must do
    }
  }
  return new ApiError(res.status, code, detail, request, retryAfter)
}

async function once(path: string, call: Call): Promise<Response> {
  const method = call.method ?? 'GET'
  const headers = new Headers(call.headers)
  const init: RequestInit = {
    method,
    headers,
    signal: call.signal,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
  }
  if (method !== 'GET' && method !== 'HEAD' && csrf !== '') headers.set('X-CSRF-Token', csrf)
  if (call.json !== undefined) {
    headers.set('Content-Type', 'application/json')
    init.body = JSON.stringify(call.json)
  } else if (call.body !== undefined) {
    init.body = call.body
  }
  try {
    return await fetch(path, init)
  } catch (e) {
    if (isAbort(e)) throw e
    throw new ApiError(0, 'network', '')
  }
}

async function refreshCsrf(signal: AbortSignal): Promise<boolean> {
  const res = await once('/api/me', { signal })
  if (!res.ok) return false
  const body: unknown = await res.json()
  if (typeof body !== 'object' || body === null || !('csrf' in body) || typeof body.csrf !== 'string') return false
  if (body.csrf === csrf) return false
  csrf = body.csrf
  return true
}

/** One call; 2xx and 304 are returned, all else is thrown as ApiError. */
export async function send(path: string, call: Call): Promise<Response> {
  let res = await once(path, call)
  if (res.status === 403) {
    const e = await toError(res)
    if (!e.code.startsWith('csrf') || !(await refreshCsrf(call.signal))) throw e
    res = await once(path, call)
  }
  if (res.ok || res.status === 304) return res
  if (res.status === 401 && call.quiet401 !== true) onSessionEnded()
  throw await toError(res)
}

/** A call that answers with a JSON object of a known shape (types.ts names who writes it). */
export async function json<T>(path: string, call: Call): Promise<T> {
  const res = await send(path, call)
  try {
    return (await res.json()) as T
  } catch (e) {
    if (isAbort(e)) throw e
    throw new ApiError(res.status, 'bad_answer', '')
  }
}

/** A call whose answer has no body. */
export async function nothing(path: string, call: Call): Promise<void> {
  await send(path, call)
}

export async function bytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
  const res = await send(path, { signal })
  return new Uint8Array(await res.arrayBuffer())
}

export async function blob(path: string, signal: AbortSignal): Promise<Blob> {
  const res = await send(path, { signal })
  return res.blob()
}
