// What the fault tests share: a portal's rows and blobs without its web side. Images and a
// network are made here, jobs are put in by sg.enqueue, real workers do them.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 as zlibCrc, deflateSync } from 'node:zlib'
import { equal, until } from '../lib/tap.mjs'

// --- images ------------------------------------------------------------------------------

const crcTable = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1
  return n >>> 0
})

/** @param {Buffer} bytes */
function crc(bytes) {
  if (zlibCrc) return zlibCrc(bytes)
  let c = 0xffffffff
  for (const b of bytes) c = crcTable[(c ^ b) & 255] ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

/** @param {string} type @param {Buffer} body */
function chunk(type, body) {
  const whole = Buffer.alloc(12 + body.length)
  whole.writeUInt32BE(body.length, 0)
  whole.write(type, 4, 'latin1')
  body.copy(whole, 8)
  whole.writeUInt32BE(crc(whole.subarray(4, 8 + body.length)), 8 + body.length)
  return whole
}

/** A grey PNG of bright discs on dark noise; another seed is another image. @param {number} side @param {number} seed */
export function image(side, seed) {
  let state = (seed * 2654435761 + 1) >>> 0
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const rows = Buffer.alloc(side * (side + 1))
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) rows[y * (side + 1) + 1 + x] = 30 + ((x * 7 + y * 13 + seed) % 20)
  for (let n = 0; n < 12; n++) {
    const r = side / 24 + (random() * side) / 16
    const cx = random() * side
    const cy = random() * side
    for (let y = Math.max(0, Math.floor(cy - r)); y < Math.min(side, cy + r); y++)
      for (let x = Math.max(0, Math.floor(cx - r)); x < Math.min(side, cx + r); x++)
        if ((x - cx) ** 2 + (y - cy) ** 2 < r * r) rows[y * (side + 1) + 1 + x] = 200
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  head[8] = 8
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows, { level: 1 })),
    chunk('IEND', Buffer.alloc(0))
  ])
}

// --- a network: a chain of 3x3 convolutions that lets intensities pass -----------------------

/** @param {number} n */
function varint(n) {
  const out = []
  for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) + 128)
  out.push(n)
  return Buffer.from(out)
}
const int = (field, n) => Buffer.concat([varint(field * 8), varint(n)])
const bytes = (field, b) => Buffer.concat([varint(field * 8 + 2), varint(b.length), b])
const text = (field, s) => bytes(field, Buffer.from(s))
const attribute = (name, list) => bytes(5, Buffer.concat([text(1, name), ...list.map(n => int(8, n)), int(20, 7)]))
const node = (op, inputs, output, ...attributes) =>
  bytes(1, Buffer.concat([...inputs.map(i => text(1, i)), text(2, output), text(3, output), text(4, op), ...attributes]))
const tensor = (name, dims, values) =>
  bytes(5, Buffer.concat([...dims.map(d => int(1, d)), int(2, 1), text(8, name), bytes(9, Buffer.from(Float32Array.from(values).buffer))]))
const dim = d => bytes(1, typeof d === 'number' ? int(1, d) : text(2, d))
const port = (field, name, dims) =>
  bytes(field, Buffer.concat([text(1, name), bytes(2, bytes(1, Buffer.concat([int(1, 1), bytes(2, Buffer.concat(dims.map(dim)))])))]))

/**
 * An ONNX file of `layers` convolutions of `width` channels; the more, the longer it takes.
 * The result is a logit that is positive where the input (0..1) is above one half.
 * @param {number} layers @param {number} width
 */
export function network(layers, width) {
  const graph = []
  const weights = []
  const conv = (input, output, from, to, value, bias) => {
    const w = new Float32Array(to * from * 9)
    for (let i = 0; i < to * from; i++) w[i * 9 + 4] = value
    weights.push(tensor(`${output}.w`, [to, from, 3, 3], w), tensor(`${output}.b`, [to], new Float32Array(to).fill(bias)))
    graph.push(node('Conv', [input, `${output}.w`, `${output}.b`], output, attribute('kernel_shape', [3, 3]), attribute('pads', [1, 1, 1, 1])))
  }
  conv('x', 'c0', 1, width, 1, 0)
  let last = 'c0'
  for (let i = 1; i < layers; i++) {
    conv(last, `c${i}`, width, width, 1 / width, 0)
    graph.push(node('Relu', [`c${i}`], `r${i}`))
    last = `r${i}`
  }
  conv(last, 'y', width, 1, 20 / width, -10)
  return Buffer.concat([
    int(1, 8),
    text(2, 'segward-tests'),
    bytes(7, Buffer.concat([...graph, text(2, 'g'), ...weights, port(11, 'x', [1, 1, 'h', 'w']), port(12, 'y', [1, 1, 'h', 'w'])])),
    bytes(8, int(2, 13))
  ])
}

export const meta = {
  schema: 1,
  name: 'discs',
  input: { dims: 2, channels: 1, fit: 'pad' },
  intensity: { kind: 'unit' },
  output: { kind: 'sigmoid', classes: [{ name: 'disc', colour: '#e6194b' }], threshold: 0.5 }
}

// --- rows and blobs --------------------------------------------------------------------------

/** Put bytes into a stack's store as a worker would. Returns their hex name. */
export function blob(stack, body, kind) {
  const hex = createHash('sha256').update(body).digest('hex')
  const owner = Number(execFileSync('id', ['-u', 'segward-worker']).toString())
  const group = lstatSync(join(stack.dir, 'store')).gid
  let folder = join(stack.dir, 'store')
  for (const part of [hex.slice(0, 2), hex.slice(2, 4)]) {
    folder = join(folder, part)
    if (existsSync(folder)) continue
    mkdirSync(folder)
    chownSync(folder, owner, group)
    chmodSync(folder, 0o2770)
  }
  const file = join(folder, hex)
  writeFileSync(file + '.new', body)
  chownSync(file + '.new', owner, group)
  chmodSync(file + '.new', 0o640)
  renameSync(file + '.new', file)
  stack.psql(`insert into sg.blob values ('\\x${hex}', ${body.length}, '${kind}') on conflict do nothing`)
  return hex
}

/** Where a blob's file is. */
export const blobFile = (stack, hex) => join(stack.dir, 'store', hex.slice(0, 2), hex.slice(2, 4), hex)

/** One department, `accounts` doctors, a study. */
export function people(stack, accounts = 6) {
  stack.psql(`
    insert into sg.department (name) values ('Faults');
    insert into sg.account (login, name, role, department_id, state, password_hash)
    select 'doctor' || n, 'Doctor ' || n, 'doctor', 1, 'active', '-' from generate_series(1, ${accounts}) n;
    insert into sg.patient (department_id, code, name, created_by) values (1, 'P1', 'Test Person', 1);
    insert into sg.study (patient_id, department_id, description, created_by) values (1, 1, 'faults', 1);`)
}

/** An approved version of a model. Returns its row id and the file's name. */
export function model(stack, name, onnx) {
  const hex = blob(stack, onnx, 'onnx')
  const id = stack.psql(
    `with m as (insert into sg.model (name, dimension) values (:'name', 2) returning id)
     insert into sg.version (model_id, number, state, onnx_sha, meta, approved_at)
     select id, 1, 'approved', '\\x${hex}', :'meta', now() from m returning id`,
    { name, meta: JSON.stringify(meta) }
  )
  return { id: Number(id), hex }
}

/** A scan whose upload is `hex`, being ingested. Returns its id. */
export function scan(stack, hex, account = 1) {
  return Number(
    stack.psql(`insert into sg.scan (study_id, department_id, file_name, original_sha, created_by)
                values (1, 1, 'image.png', '\\x${hex}', ${account}) returning id`)
  )
}

let keys = 0

/**
 * SQL that enqueues one job as an account; a select of its id.
 * @param {{ kind: string, account?: number, scan?: number, version?: number, params?: object,
 *           input?: string, model?: string, segmentation?: number }} job
 */
function enqueueSql({ kind, account = 1, scan, version, params = {}, input, model, segmentation }) {
  const sha = hex => (hex ? `'\\x${hex}'` : 'null')
  return `select set_config('sg.account', '${account}', false), set_config('sg.department', '1', false), set_config('sg.role', 'doctor', false) \\g /dev/null
select id from sg.enqueue('${kind}', 'key-${++keys}', '${JSON.stringify(params)}', ${scan ?? 'null'}, ${version ?? 'null'},
  ${segmentation ?? 'null'}, ${sha(input)}, ${sha(model)}, 5, 'cpu', null, 1000);\n`
}

/** Enqueue jobs and ring for them. Returns their ids. */
export async function enqueue(stack, jobs, { ring = true } = {}) {
  const ids = stack.psql(jobs.map(enqueueSql).join('')).split('\n').map(Number)
  if (ring) await stack.redis('rpush', 'sg:jobs:cpu', ...ids.map(String)).catch(() => {})
  return ids
}

/** An ingest job of a new image. */
export function ingestJob(stack, png, account = 1) {
  const hex = blob(stack, png, 'png')
  return { kind: 'ingest', account, scan: scan(stack, hex, account), input: hex }
}

/** A segment job on a scan that is ready. */
export function segmentJob(stack, scanId, version, account = 1, threshold = 500) {
  const input = stack.psql(`select encode(volume_sha, 'hex') from sg.scan where id = ${scanId}`)
  return { kind: 'segment', account, scan: scanId, version: version.id, input, model: version.hex, params: { threshold_milli: threshold } }
}

/** A column of one job. */
export const jobIs = (stack, id, column = 'state') => stack.psql(`select ${column} from sg.job where id = ${id}`)

/** Wait until a job is in a state. */
export const jobTo = (stack, id, state, seconds = 30) => until(() => jobIs(stack, id) === state, seconds, `job ${id} ${state}`)

/** Wait until all these jobs (or all) have ended. */
export const drained = (stack, seconds) =>
  until(() => stack.psql("select count(*) from sg.job where state in ('queued', 'running')") === '0', seconds, 'the end of all jobs')

/** Jobs by state, e.g. 'dead 1, succeeded 5'. */
export const states = stack => stack.psql("select string_agg(state || ' ' || n, ', ' order by state) from (select state, count(*) n from sg.job group by 1) x")

/** Violations of the queue's promises, e.g. 'I4 1'; '' when all are kept. */
export function violations(stack, isDrained = true, cap = null) {
  return stack.psql(`select coalesce(string_agg(name || ' ' || violations, ', ' order by name), '')
    from sg.invariants(${isDrained}, ${cap ?? 'null'}) where violations > 0`)
}

/** Every file that a result names is there and is what its name says. Returns their number. */
export function checkBlobs(stack) {
  const names = stack.psql("select distinct encode(sha256, 'hex') from sg.result_blob").split('\n').filter(Boolean)
  for (const hex of names) equal(createHash('sha256').update(readFileSync(blobFile(stack, hex))).digest('hex'), hex, 'a result file')
  return names.length
}

/** Events of one kind of a job. */
export const events = (stack, id, kind) => Number(stack.psql(`select count(*) from sg.job_event where job_id = ${id} and kind = '${kind}'`))

/** Wait until `name` (a worker) holds a job; its id. */
export const holds = (stack, name, seconds = 20) =>
  until(() => Number(stack.psql(`select coalesce(min(id), 0) from sg.job where state = 'running' and lease_owner like '${name}/%'`)), seconds, `${name} at work`)

/** Add a network and some scans that were really ingested by the running workers. */
export async function ready(stack, version, sides) {
  const ids = await enqueue(stack, sides.map((side, i) => ingestJob(stack, image(side, 1000 + i), 1 + (i % 6))))
  for (const id of ids) await jobTo(stack, id, 'succeeded')
  return stack.psql("select id from sg.scan where state = 'ready' order by id").split('\n').map(Number)
}
