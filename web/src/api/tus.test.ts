// Uploads against a server of 40 lines that counts, loses lines and forgets.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, webcrypto } from 'node:crypto'
import type { Call } from './client'
import { ApiError } from './client'
import type { TusEnv } from './tus'
import { CHUNK, discard, fingerprint, upload } from './tus'

if (!('crypto' in globalThis)) Object.defineProperty(globalThis, 'crypto', { value: webcrypto })

class FakeFile extends Blob {
  readonly name: string
  readonly lastModified: number
  readonly webkitRelativePath = ''
  constructor(bytes: Uint8Array<ArrayBuffer>, name: string, lastModified = 1000) {
    super([bytes])
    this.name = name
    this.lastModified = lastModified
  }
}

function file(size: number, name = 'a.png'): FakeFile {
  const b = new Uint8Array(size)
  for (let i = 0; i < size; i += 997) b[i] = i % 251
  return new FakeFile(b, name)
}

class Server {
  readonly have = new Map<string, Uint8Array>()
  readonly log: string[] = []
  readonly names: string[] = []
  readonly stored = new Map<string, string>()
  readonly waits: number[] = []
  now = 1_000_000
  /** Called before each request; may throw. */
  trouble: (method: string, n: number) => void = () => undefined

  env(): TusEnv {
    return {
      send: (path, call) => this.answer(path, call),
      storage: {
        getItem: (k) => this.stored.get(k) ?? null,
        setItem: (k, v) => void this.stored.set(k, v),
        removeItem: (k) => void this.stored.delete(k),
      },
      sleep: async (ms) => void this.waits.push(ms),
      now: () => this.now,
    }
  }

  private async answer(path: string, call: Call): Promise<Response> {
    call.signal.throwIfAborted()
    const method = call.method ?? 'GET'
    this.log.push(method)
    this.trouble(method, this.log.length)
    const h = new Headers(call.headers)
    assert.equal(h.get('Tus-Resumable'), '1.0.0')
    if (method === 'POST') {
      const id = `/uploads/u${this.have.size + 1}`
      this.have.set(id, new Uint8Array())
      this.names.push(Buffer.from((h.get('Upload-Metadata') ?? '').split(' ')[1] ?? '', 'base64').toString())
      return new Response(null, { status: 201, headers: { Location: `https://host:1${id}` } })
    }
    const got = this.have.get(path)
    if (got === undefined) throw new ApiError(404, 'not_found', '')
    if (method === 'DELETE') {
      this.have.delete(path)
      return new Response(null, { status: 204 })
    }
    if (method === 'PATCH') {
      if (Number(h.get('Upload-Offset')) !== got.length) throw new ApiError(409, 'offset_wrong', '')
      const part = new Uint8Array(await (call.body ?? new Blob()).arrayBuffer())
      const sum = createHash('sha256').update(part).digest('base64')
      if (h.get('Upload-Checksum') !== `sha256 ${sum}`) throw new ApiError(460, 'bad_checksum', '')
      assert.ok(part.length <= CHUNK)
      this.have.set(path, Buffer.concat([got, part]))
    }
    return new Response(null, {
      status: method === 'HEAD' ? 200 : 204,
      headers: { 'Upload-Offset': String(this.have.get(path)?.length ?? 0) },
    })
  }
}

async function whole(s: Server, id: string, f: FakeFile): Promise<void> {
  const want = new Uint8Array(await f.arrayBuffer())
  assert.ok(Buffer.from(s.have.get(`/uploads/${id}`) ?? []).equals(Buffer.from(want)), 'the bytes differ')
}

const quiet = (signal: AbortSignal) => ({ account: 'acc', signal, onProgress: () => undefined })
const never = () => new AbortController().signal

test('tus: a small file goes up in one chunk', async () => {
  const s = new Server()
  const f = file(1000, 'Снимок 1.png')
  await whole(s, await upload(f, quiet(never()), s.env()), f)
  assert.deepEqual(s.log, ['POST', 'PATCH'])
  assert.deepEqual(s.names, ['Снимок 1.png'])
  assert.equal(s.stored.size, 0) // nothing is left behind
})

test('tus: a large file goes up in chunks of 8 MiB, progress told', async () => {
  const s = new Server()
  const f = file(2 * CHUNK + 5)
  const seen: number[] = []
  const id = await upload(f, { ...quiet(never()), onProgress: (n) => void seen.push(n) }, s.env())
  await whole(s, id, f)
  assert.deepEqual(seen, [0, CHUNK, 2 * CHUNK, 2 * CHUNK + 5])
})

test('tus: a lost line is asked about and gone on from', async () => {
  const s = new Server()
  const f = file(3 * CHUNK)
  s.trouble = (method, n) => {
    if (method === 'PATCH' && (n === 3 || n === 5)) throw new ApiError(0, 'network', '')
  }
  await whole(s, await upload(f, quiet(never()), s.env()), f)
  assert.deepEqual(s.log, ['POST', 'PATCH', 'PATCH', 'HEAD', 'PATCH', 'HEAD', 'PATCH', 'PATCH'])
  assert.equal(s.waits.length, 2)
})

test('tus: a chunk that arrived without its answer is not sent twice', async () => {
  const s = new Server()
  const f = file(2 * CHUNK)
  const env = s.env()
  let lost = false
  const send = env.send
  env.send = async (path, call) => {
    const res = await send(path, call)
    if (call.method === 'PATCH' && !lost) {
      lost = true
      throw new ApiError(0, 'network', '')
    }
    return res
  }
  await whole(s, await upload(f, quiet(never()), env), f)
  assert.deepEqual(s.log, ['POST', 'PATCH', 'HEAD', 'PATCH'])
})

test('tus: paused, then resumed after a reload', async () => {
  const s = new Server()
  const f = file(3 * CHUNK)
  const stop = new AbortController()
  s.trouble = (_, n) => {
    if (n === 4) stop.abort()
  }
  const paused = upload(f, { ...quiet(stop.signal), onProgress: (n) => void (n >= 2 * CHUNK && stop.abort()) }, s.env())
  await assert.rejects(paused, { name: 'AbortError' })
  s.trouble = () => undefined
  s.log.length = 0
  const again = new FakeFile(new Uint8Array(await f.arrayBuffer()), f.name) // chosen again
  await whole(s, await upload(again, quiet(never()), s.env()), f)
  assert.deepEqual(s.log, ['HEAD', 'PATCH'])
})

test('tus: an upload the server forgot begins anew', async () => {
  const s = new Server()
  const f = file(500)
  s.stored.set(`sg.upload.${await fingerprint(f, 'acc')}`, JSON.stringify({ url: '/uploads/gone', at: s.now }))
  await whole(s, await upload(f, quiet(never()), s.env()), f)
  assert.deepEqual(s.log, ['HEAD', 'POST', 'PATCH'])
})

test('tus: an old or foreign note in storage is not followed', async () => {
  const s = new Server()
  const f = file(500)
  const key = `sg.upload.${await fingerprint(f, 'acc')}`
  for (const note of [{ url: '/uploads/x', at: 1 }, { url: 'https://evil/uploads/x', at: s.now }, 'x', null]) {
    if (note !== null && typeof note === 'object' && note.at === 1) s.now = 1 + 25 * 3600 * 1000
    s.stored.set(key, JSON.stringify(note))
    s.log.length = 0
    await upload(f, quiet(never()), s.env())
    assert.deepEqual(s.log, ['POST', 'PATCH'])
  }
})

test('tus: a refused file is not tried again', async () => {
  const s = new Server()
  s.trouble = (method) => {
    if (method === 'PATCH') throw new ApiError(400, 'bad_type', 'no')
  }
  await assert.rejects(upload(file(10), quiet(never()), s.env()), { code: 'bad_type' })
  assert.deepEqual(s.log, ['POST', 'PATCH'])
})

test('tus: a dead server is given up after some tries, each after a longer wait', async () => {
  const s = new Server()
  s.trouble = (method) => {
    if (method === 'PATCH') throw new ApiError(503, 'unavailable', '')
  }
  await assert.rejects(upload(file(10), quiet(never()), s.env()), { status: 503 })
  assert.deepEqual(s.waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
})

test('tus: storage holds neither file name nor size', async () => {
  const s = new Server()
  const f = file(CHUNK + 1, 'Ivanov^Ivan.png')
  const stop = new AbortController()
  await assert.rejects(
    upload(f, { ...quiet(stop.signal), onProgress: (n) => void (n > 0 && stop.abort()) }, s.env()),
    { name: 'AbortError' },
  )
  const kept = JSON.stringify([...s.stored])
  assert.equal(s.stored.size, 1)
  assert.ok(!/Ivanov|png|8388609/.test(kept), kept)
  assert.notEqual(await fingerprint(f, 'acc'), await fingerprint(f, 'other'))
})

test('tus: giving up drops what the server has', async () => {
  const s = new Server()
  const f = file(CHUNK + 1)
  const stop = new AbortController()
  await assert.rejects(
    upload(f, { ...quiet(stop.signal), onProgress: (n) => void (n > 0 && stop.abort()) }, s.env()),
    { name: 'AbortError' },
  )
  await discard(f, 'acc', never(), s.env())
  assert.equal(s.have.size, 0)
  assert.equal(s.stored.size, 0)
})
