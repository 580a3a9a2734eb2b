// A browser's manners without a browser: https with a cookie jar, CSRF token and Origin.
//
//   const web = new Client(stack)            // or { url, ca }
//   await web.login('doctor', 'password')
//   const r = await web.get('/api/me')       // { status, headers, body, text, json }
//   const made = await web.post('/api/patients', { code: 'P1', name: 'A' })
//
// Nothing throws because of a status; expect() does.

import { createHash, randomUUID } from 'node:crypto'
import { Agent, request as httpsRequest } from 'node:https'

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string | string[]>} headers
 * @property {Buffer} body
 * @property {string} text
 * @property {any} json parsed body, or undefined when it is not JSON
 * @property {number} ms from asking to the last byte
 */

export class Client {
  /** @param {{ url: string, ca: string | Buffer }} to @param {{ sockets?: number }} [options] */
  constructor({ url, ca }, { sockets = 8 } = {}) {
    this.url = url
    this.origin = new URL(url).origin
    this.agent = new Agent({ ca, keepAlive: true, maxSockets: sockets })
    /** @type {Map<string, string>} */
    this.cookies = new Map()
    this.csrf = ''
    /** @type {any} */
    this.account = null
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ json?: unknown, body?: Buffer | string, headers?: Record<string, string | null>,
   *           timeout?: number }} [options] a header of null is left out
   * @returns {Promise<Answer>}
   */
  request(method, path, { json, body, headers = {}, timeout = 60000 } = {}) {
    /** @type {Record<string, string | null>} */
    const all = {}
    const data = json !== undefined ? Buffer.from(JSON.stringify(json)) : body !== undefined ? Buffer.from(body) : null
    if (json !== undefined) all['content-type'] = 'application/json'
    if (data) all['content-length'] = String(data.length)
    else if (method !== 'GET' && method !== 'HEAD') all['content-length'] = '0'
    if (this.cookies.size > 0) all.cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ')
    if (method !== 'GET' && method !== 'HEAD') {
      all.origin = this.origin
      all['sec-fetch-site'] = 'same-origin'
      if (this.csrf) all['x-csrf-token'] = this.csrf
    }
    for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value
    for (const name of Object.keys(all)) if (all[name] === null) delete all[name]
    const begun = performance.now()
    return new Promise((resolve, reject) => {
      const target = new URL(this.url)
      const req = httpsRequest(
        { agent: this.agent, host: target.hostname, port: target.port, method, path, headers: all, timeout },
        res => {
          /** @type {Buffer[]} */
          const parts = []
          res.on('data', part => parts.push(part))
          res.on('error', reject)
          res.on('end', () => {
            const whole = Buffer.concat(parts)
            this.#keep(res.headers['set-cookie'] ?? [])
            const text = whole.toString('utf8')
            resolve({ status: res.statusCode, headers: res.headers, body: whole, text, json: parse(res, text), ms: performance.now() - begun })
          })
        }
      )
      req.on('error', reject)
      req.on('timeout', () => req.destroy(new Error(`no answer to ${method} ${path.split('?')[0]} in ${timeout} ms`)))
      req.end(data ?? undefined)
    })
  }

  /** @param {string[]} lines */
  #keep(lines) {
    for (const line of lines) {
      const [pair, ...rest] = line.split(';')
      const at = pair.indexOf('=')
      const name = pair.slice(0, at).trim()
      const ended = rest.some(r => /^\s*max-age=(0|-\d+)\s*$/i.test(r)) || pair.slice(at + 1) === ''
      if (ended) this.cookies.delete(name)
      else this.cookies.set(name, pair.slice(at + 1).trim())
    }
  }

  get(path, options) {
    return this.request('GET', path, options)
  }
  post(path, json, options = {}) {
    return this.request('POST', path, { json, ...options })
  }
  put(path, json, options = {}) {
    return this.request('PUT', path, { json, ...options })
  }
  patch(path, json, options = {}) {
    return this.request('PATCH', path, { json, ...options })
  }
  delete(path, options) {
    return this.request('DELETE', path, options)
  }

  /** @param {string} login @param {string} password */
  async login(login, password) {
    this.cookies.clear()
    this.csrf = ''
    const r = await this.post('/api/login', { login, password })
    if (r.status === 200) {
      this.csrf = r.json.csrf
      this.account = r.json.account
    }
    return r
  }

  /**
   * A file by tus: created, sent in chunks with a checksum each. Returns the upload's id.
   * @param {Buffer} bytes @param {string} name @param {{ chunk?: number }} [options]
   */
  async upload(bytes, name, { chunk = 16 << 20 } = {}) {
    const made = expect(
      await this.request('POST', '/uploads', {
        headers: {
          'tus-resumable': '1.0.0',
          'upload-length': String(bytes.length),
          'upload-metadata': `filename ${Buffer.from(name).toString('base64')}`
        }
      }),
      201
    )
    const path = new URL(String(made.headers.location), this.url).pathname
    for (let at = 0; at < bytes.length || at === 0; at += chunk) {
      const part = bytes.subarray(at, at + chunk)
      expect(
        await this.request('PATCH', path, {
          body: part,
          headers: {
            'tus-resumable': '1.0.0',
            'content-type': 'application/offset+octet-stream',
            'upload-offset': String(at),
            'upload-checksum': `sha256 ${createHash('sha256').update(part).digest('base64')}`
          }
        }),
        204
      )
    }
    return path.split('/').pop()
  }

  /** A new job. @param {Record<string, unknown>} job @param {string} [key] */
  job(job, key = randomUUID()) {
    return this.post('/api/jobs', job, { headers: { 'idempotency-key': key } })
  }

  /** Wait until a job has ended and return it. @param {string} id @param {number} [seconds] */
  async wait(id, seconds = 60) {
    const end = Date.now() + seconds * 1000
    for (let pause = 20; ; pause = Math.min(pause * 1.3, 300)) {
      const r = expect(await this.get(`/api/jobs/${id}`), 200)
      if (!['queued', 'running'].includes(r.json.state)) return r.json
      if (Date.now() > end) throw new Error(`job ${id} is still ${r.json.state} (${r.json.stage}) after ${seconds} s`)
      await new Promise(done => setTimeout(done, pause))
    }
  }

  close() {
    this.agent.destroy()
  }
}

/** @param {import('node:http').IncomingMessage} res @param {string} text */
function parse(res, text) {
  if (!/json/.test(String(res.headers['content-type'] ?? ''))) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @template {Answer} T @param {T} answer @param {number} status @param {string} [code] of a problem */
export function expect(answer, status, code) {
  if (answer.status !== status || (code !== undefined && answer.json?.code !== code))
    throw new Error(`answer ${answer.status} ${answer.text.slice(0, 300)}, wanted ${status} ${code ?? ''}`)
  return answer
}
