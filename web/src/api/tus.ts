// Resumable upload, tus 1.0.0 (core, creation, checksum, termination).
//
// A file goes up in chunks of 8 MiB, each with its SHA-256. After a cut line
// the server is asked (HEAD) how much it has, and the upload goes on there.
// The same works after a reload: the upload's URL is remembered under a
// fingerprint of the file. The fingerprint is a hash bound to the account, so
// that the browser's storage holds no file name and no patient data.
import { ApiError, isAbort, send } from './client'
import { base64, hex, sha256, utf8 } from './digest'

export const CHUNK = 8 << 20
const VERSION = { 'Tus-Resumable': '1.0.0' }
const KEEP_MS = 24 * 3600 * 1000 // the server forgets unfinished uploads after about a day
const PREFIX = 'sg.upload.'

/** What an upload needs from the outside; tests put their own in. */
export interface TusEnv {
  send: typeof send
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
  now: () => number
}

export interface TusOptions {
  account: string // binds the fingerprint to a person
  signal: AbortSignal // abort = pause; what was sent stays on the server
  onProgress: (sent: number, total: number) => void
  onWaiting?: (seconds: number) => void // line lost, next try in so many seconds
}

function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(new DOMException('aborted', 'AbortError'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

export function browserEnv(): TusEnv {
  return { send, storage: localStorage, sleep: abortableSleep, now: () => Date.now() }
}

/** Same person, same name, size, date and first 64 KiB: the same file. */
export async function fingerprint(file: File, account: string): Promise<string> {
  const head = new Uint8Array(await file.slice(0, 65536).arrayBuffer())
  const about = utf8(JSON.stringify([account, file.name, file.size, file.lastModified]))
  const all = new Uint8Array(about.length + head.length)
  all.set(about)
  all.set(head, about.length)
  return hex(await sha256(all.buffer))
}

function remembered(env: TusEnv, key: string): string | null {
  try {
    const v: unknown = JSON.parse(env.storage.getItem(PREFIX + key) ?? 'null')
    if (typeof v !== 'object' || v === null || !('url' in v) || !('at' in v)) return null
    if (typeof v.url !== 'string' || typeof v.at !== 'number') return null
    return env.now() - v.at < KEEP_MS && v.url.startsWith('/uploads/') ? v.url : null
  } catch {
    return null
  }
}

function remember(env: TusEnv, key: string, url: string): void {
  try {
    env.storage.setItem(PREFIX + key, JSON.stringify({ url, at: env.now() }))
  } catch {
    // storage full or forbidden: the upload still works, only a reload starts anew
  }
}

/** Old entries go, so that storage does not fill up over the years. */
export function forgetOldUploads(storage: Storage, now: number): void {
  for (let i = storage.length - 1; i >= 0; i--) {
    const k = storage.key(i)
    if (k === null || !k.startsWith(PREFIX)) continue
    const m = /"at":(\d+)/.exec(storage.getItem(k) ?? '')
    if (m === null || now - Number(m[1]) >= KEEP_MS) storage.removeItem(k)
  }
}

async function create(env: TusEnv, file: File, signal: AbortSignal): Promise<string> {
  const res = await env.send('/uploads', {
    method: 'POST',
    headers: {
      ...VERSION,
      'Upload-Length': String(file.size),
      'Upload-Metadata': `filename ${base64(utf8(file.name))}`,
    },
    signal,
  })
  const at = res.headers.get('Location') ?? ''
  const path = at.replace(/^https?:\/\/[^/]+/, '')
  if (!path.startsWith('/uploads/')) throw new ApiError(res.status, 'bad_answer', '')
  return path
}

/** Bytes the server has, or null when it does not know the upload any more. */
async function offsetOf(env: TusEnv, url: string, signal: AbortSignal): Promise<number | null> {
  try {
    const res = await env.send(url, { method: 'HEAD', headers: VERSION, signal })
    const n = Number(res.headers.get('Upload-Offset') ?? 'x')
    return Number.isSafeInteger(n) && n >= 0 ? n : null
  } catch (e) {
    if (e instanceof ApiError && (e.status === 404 || e.status === 410 || e.status === 403)) return null
    throw e
  }
}

async function putChunk(env: TusEnv, file: File, url: string, offset: number, signal: AbortSignal): Promise<number> {
  const chunk = file.slice(offset, Math.min(offset + CHUNK, file.size))
  const data = await chunk.arrayBuffer().catch(() => {
    throw new ApiError(0, 'file_changed', '') // moved, deleted or altered since it was chosen
  })
  const sum = base64(await sha256(data))
  const res = await env.send(url, {
    method: 'PATCH',
    headers: {
      ...VERSION,
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(offset),
      'Upload-Checksum': `sha256 ${sum}`,
    },
    body: new Blob([data]),
    signal,
  })
  const n = Number(res.headers.get('Upload-Offset') ?? 'x')
  if (!Number.isSafeInteger(n) || n <= offset) throw new ApiError(res.status, 'bad_answer', '')
  return n
}

/** May another try help? Yes when the line or the server failed, or an offset or checksum did not fit. */
function passing(e: unknown): boolean {
  if (!(e instanceof ApiError)) return false
  if (e.code === 'file_changed' || e.status === 507) return false
  return e.status === 0 || e.status === 409 || e.status === 429 || e.status === 460 || e.status >= 500
}

/** Upload a file; answers with the upload's id for POST /api/studies/{id}/scans. */
export async function upload(file: File, opt: TusOptions, env: TusEnv = browserEnv()): Promise<string> {
  const key = await fingerprint(file, opt.account)
  let url = remembered(env, key)
  let offset: number | null = null
  let fails = 0

  for (;;) {
    try {
      if (url !== null && offset === null) {
        offset = await offsetOf(env, url, opt.signal)
        if (offset === null || offset > file.size) url = null
      }
      if (url === null || offset === null) {
        url = await create(env, file, opt.signal)
        offset = 0
        remember(env, key, url)
      }
      opt.onProgress(offset, file.size)
      while (offset < file.size) {
        offset = await putChunk(env, file, url, offset, opt.signal)
        fails = 0
        opt.onProgress(offset, file.size)
      }
      env.storage.removeItem(PREFIX + key)
      return url.slice(url.lastIndexOf('/') + 1)
    } catch (e) {
      if (isAbort(e) || !passing(e)) throw e
      offset = null // ask the server where it stands
      fails++
      if (fails > 8) throw e
      const wait = Math.min(2 ** (fails - 1), 30)
      opt.onWaiting?.(wait)
      await env.sleep(wait * 1000, opt.signal)
    }
  }
}

/** Give an unfinished upload up: the server may drop its bytes now. */
export async function discard(file: File, account: string, signal: AbortSignal, env: TusEnv = browserEnv()): Promise<void> {
  const key = await fingerprint(file, account)
  const url = remembered(env, key)
  env.storage.removeItem(PREFIX + key)
  if (url !== null) await env.send(url, { method: 'DELETE', headers: VERSION, signal })
}
