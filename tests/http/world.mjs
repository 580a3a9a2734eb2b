// A small hospital for the HTTP tests: two departments, their people, and one object of every
// kind on demand, put into the database directly so that each test starts from a known state.

import { createHash, randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deflateSync, crc32 as zlibCrc32 } from 'node:zlib'
import { Client, expect } from '../lib/http.mjs'
import { build, startStack } from '../lib/stack.mjs'

/** The route table, as the program prints it. */
export function routeTable() {
  return JSON.parse(execFileSync(join(build, 'segward-web'), ['--routes']).toString())
}

/** @param {Buffer} data */
function crc32(data) {
  if (zlibCrc32) return zlibCrc32(data)
  let c = ~0
  for (const byte of data) {
    c ^= byte
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1))
  }
  return ~c >>> 0
}

/** A grey PNG of random pixels. @param {number} width @param {number} height */
export function png(width = 16, height = 16) {
  const part = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(body.length + 8)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(crc32(body), body.length + 4)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 0, 0, 0, 0], 8)
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) randomBytes(width).copy(rows, y * (width + 1) + 1)
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
  return Buffer.concat([magic, part('IHDR', head), part('IDAT', deflateSync(rows)), part('IEND', Buffer.alloc(0))])
}

export const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

export class World {
  /** @param {import('../lib/stack.mjs').Stack} stack */
  constructor(stack) {
    this.stack = stack
    /** @type {Record<string, { login: string, password: string, role: string }>} */
    this.people = {}
    /** @type {Record<string, Client>} */
    this.web = {}
  }

  /** A client that is logged in. @param {string} login @param {any} role @param {string} department */
  async join(login, role, department) {
    this.people[login] = await this.stack.account(login, role, department)
    this.web[login] = new Client(this.stack)
    expect(await this.web[login].login(login, this.people[login].password), 200)
    return this.web[login]
  }

  /** Bytes in the store, with their row. @param {Buffer | string} bytes */
  blob(bytes, kind = 'png') {
    const data = Buffer.from(bytes)
    const hex = sha256(data)
    const path = join(this.stack.dir, 'store', hex.slice(0, 2), hex.slice(2, 4), hex)
    mkdirSync(dirname(path), { recursive: true })
    for (const folder of [dirname(dirname(path)), dirname(path)]) chmodSync(folder, 0o2770)
    writeFileSync(path, data, { mode: 0o644 })
    this.stack.psql(
      `insert into sg.blob values (decode(:'hex', 'hex'), :bytes, :'kind') on conflict do nothing`,
      { hex, bytes: data.length, kind }
    )
    return hex
  }

  /** @param {string} sql one statement; "returning public_id" @param {Record<string, any>} values */
  #row(sql, values) {
    return this.stack.psql(sql, values)
  }

  /** A patient of a doctor's department. @param {string} login */
  patient(login, name = 'A Patient') {
    return this.#row(
      `insert into sg.patient (department_id, code, name, created_by)
       select department_id, :'code', :'name', id from sg.account where login = :'login' returning public_id`,
      { login, name, code: randomBytes(6).toString('hex') }
    )
  }

  study(login, patient = this.patient(login)) {
    return this.#row(
      `insert into sg.study (patient_id, department_id, description, created_by)
       select p.id, p.department_id, 'Visit', p.created_by from sg.patient p where p.public_id = :'patient'
       returning public_id`,
      { patient }
    )
  }

  /** A scan that has been read. */
  scan(login, study = this.study(login)) {
    const sha = this.blob(png())
    return this.#row(
      `insert into sg.scan (study_id, department_id, state, kind, file_name, original_sha, volume_sha, image_sha,
                            thumbnail_sha, width, height, depth, phases, channels, created_by)
       select s.id, s.department_id, 'ready', '2d', 'Größe "1".png', h, h, h, h, 16, 16, 1, 1, 1, s.created_by
         from sg.study s, decode(:'sha', 'hex') h where s.public_id = :'study' returning public_id`,
      { study, sha }
    )
  }

  /** An approved version of a model, once. */
  version() {
    this.madeVersion ??= this.#row(
      `with m as (insert into sg.model (name, dimension) values ('Cells', 2) returning id)
       insert into sg.version (model_id, number, state, onnx_sha, meta)
       select id, 1, 'approved', decode(:'sha', 'hex'), '{}' from m returning public_id`,
      { sha: this.blob('not really a network', 'onnx') }
    )
    return this.madeVersion
  }

  /** A job of somebody in a state. @param {string} login @param {string} state */
  job(login, state = 'queued', scan = '') {
    return this.#row(
      `insert into sg.job (account_id, department_id, kind, idem_key, state, finished_at, error_code, error_text, scan_id, version_id)
       select a.id, a.department_id, 'segment', :'key', :'state',
              case when :'state' = 'queued' then null else now() end,
              case when :'state' = 'failed' then 'image_corrupt' end, case when :'state' = 'failed' then 'It is.' end,
              (select id from sg.scan where public_id::text = :'scan'), (select id from sg.version where public_id = :'version')
         from sg.account a where a.login = :'login' returning public_id`,
      { login, state, scan, version: this.version(), key: randomBytes(8).toString('hex') }
    )
  }

  segmentation(login, scan = this.scan(login)) {
    const job = this.job(login, 'succeeded', scan)
    return this.#row(
      `insert into sg.segmentation (job_id, scan_id, version_id, department_id, probability_sha, histogram, threshold,
                                    mask_sha, mask_threshold, labels, device, precision, time_ms)
       select j.id, c.id, j.version_id, c.department_id, decode(:'q', 'hex'), array_fill(1, array[256]), 0.5,
              c.image_sha, 0.5, '[]', 'test', 'f32', 12.5
         from sg.job j join sg.scan c on c.id = j.scan_id where j.public_id = :'job' returning public_id`,
      { job, q: this.blob(Buffer.alloc(256, 7), 'prob') }
    )
  }

  /** An upload, begun by its owner. @param {string} login */
  async upload(login, bytes = 1000) {
    const r = expect(
      await this.web[login].request('POST', '/uploads', {
        headers: {
          'tus-resumable': '1.0.0',
          'upload-length': String(bytes),
          'upload-metadata': `filename ${Buffer.from('a.png').toString('base64')}`
        }
      }),
      201
    )
    return String(r.headers.location).split('/').pop()
  }

  /** Audit rows of the request that an answer belongs to: their actions. @param {{ headers: any }} answer */
  audit(answer) {
    return this.stack
      .psql(`select action from sg.audit_event where request = :'id' order by id`, { id: String(answer.headers['x-request-id']) })
      .split('\n')
      .filter(Boolean)
  }
}

/** PostgreSQL, Redis, nginx and segward-web; no worker, so nothing moves by itself. */
export async function startWorld(options = {}) {
  const world = new World(await startStack({ services: ['postgres', 'redis', 'nginx', 'web'], ...options }))
  await world.stack.department('Radiology')
  await world.stack.department('Surgery')
  return world
}
