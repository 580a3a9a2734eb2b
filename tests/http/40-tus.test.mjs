#!/usr/bin/env node
// Uploads by tus 1.0.0: in order and out of order, cut, damaged, foreign, too much; and that a
// crash or a lost transaction never costs a byte or shows a wrong one.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, truncateSync, linkSync, appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, finish, ok, test, until } from '../lib/tap.mjs'
import { png, sha256, startWorld } from './world.mjs'

const world = await startWorld({ set: { upload_max_bytes: 50_000_000 } })
const { stack } = world
const web = await world.join('anna', 'doctor', 'Radiology')
await world.join('bert', 'doctor', 'Radiology')
const tus = { 'tus-resumable': '1.0.0' }
const big = Buffer.concat([png(64, 64), randomBytes(3_000_000)]) // the magic number is looked at, no more

const create = (length, name = 'a.png', headers = {}) =>
  web.request('POST', '/uploads', {
    headers: { ...tus, 'upload-length': String(length), 'upload-metadata': `filename ${Buffer.from(name).toString('base64')}`, ...headers }
  })
const begin = async (length, name) => {
  const r = await create(length, name)
  equal(r.status, 201)
  return String(r.headers.location)
}
const patch = (path, offset, body, headers = {}, as = web) =>
  as.request('PATCH', path, {
    body,
    headers: { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset), ...headers }
  })
const offset = async path => {
  const r = await web.request('HEAD', path, { headers: tus })
  equal(r.status, 200)
  return Number(r.headers['upload-offset'])
}
const digest = (kind, bytes) => `${kind} ${createHash(kind).update(bytes).digest('base64')}`
const stored = path => stack.psql(`select encode(sha256, 'hex') from sg.upload where public_id = :'id'`, { id: path.split('/').pop() })
const blobFile = hex => join(stack.dir, 'store', hex.slice(0, 2), hex.slice(2, 4), hex)
const dataFile = path => join(stack.dir, 'uploads', path.split('/').pop())

await test('OPTIONS tells what the server can', async () => {
  const r = await web.request('OPTIONS', '/uploads')
  equal(r.status, 204)
  equal(r.headers['tus-version'], '1.0.0')
  equal(r.headers['tus-extension'], 'creation,checksum,termination,expiration')
  equal(r.headers['tus-checksum-algorithm'], 'sha1,sha256')
  equal(r.headers['tus-max-size'], '50000000')
})

await test('a file in one chunk becomes the blob of its hash', async () => {
  const path = await begin(big.length)
  const r = await patch(path, 0, big, { 'upload-checksum': digest('sha256', big) })
  equal(r.status, 204)
  equal(r.headers['upload-offset'], String(big.length))
  equal(stored(path), sha256(big))
  ok(readFileSync(blobFile(sha256(big))).equals(big))
  ok(!existsSync(dataFile(path)), 'the upload file is gone')
  equal(stack.psql(`select kind || bytes from sg.blob where sha256 = decode(:'h', 'hex')`, { h: sha256(big) }), `png${big.length}`)
})

await test('many chunks, with and without checksums of either kind, add up', async () => {
  const path = await begin(big.length)
  let at = 0
  for (const n of [1, 100, 538, 1, 600, 999_999, 1_000_001]) {
    const part = big.subarray(at, at + n)
    const headers = at % 3 === 0 ? {} : { 'upload-checksum': digest(at % 2 ? 'sha1' : 'sha256', part) }
    equal((await patch(path, at, part, headers)).status, 204, `at ${at}`)
    at += n
    equal(await offset(path), at)
  }
  equal((await patch(path, at, big.subarray(at))).status, 204)
  equal(stored(path), sha256(big))
})

await test('a new serving process between chunks knows the rest', async () => {
  const path = await begin(big.length)
  equal((await patch(path, 0, big.subarray(0, 1_000_000))).status, 204)
  await stack.stopOne('web')
  await stack.start('web')
  equal((await patch(path, 1_000_000, big.subarray(1_000_000))).status, 204)
  equal(stored(path), sha256(big))
})

await test('bytes that a crash left beyond the offset are cut off', async () => {
  const path = await begin(big.length)
  equal((await patch(path, 0, big.subarray(0, 2_000_000))).status, 204)
  appendFileSync(dataFile(path), 'half a chunk that was never answered')
  equal((await patch(path, 2_000_000, big.subarray(2_000_000))).status, 204)
  equal(stored(path), sha256(big))
})

await test('bytes that went missing on disk are told, not filled with nothing', async () => {
  const path = await begin(big.length)
  equal((await patch(path, 0, big.subarray(0, 2_000_000))).status, 204)
  truncateSync(dataFile(path), 1_000_000)
  const r = await patch(path, 2_000_000, big.subarray(2_000_000))
  equal([r.status, r.json.code], [409, 'upload_lost'])
})

await test('a commit that failed after the blob was stored is repeated without harm to the blob', async () => {
  const path = await begin(big.length)
  equal((await patch(path, 0, big.subarray(0, 2_999_000))).status, 204)
  // What such a moment leaves: all bytes in the file, and the store's name for the same bytes.
  appendFileSync(dataFile(path), big.subarray(2_999_000))
  linkSync(dataFile(path), join(stack.dir, 'uploads', 'the-same-bytes'))
  equal((await patch(path, 2_999_000, big.subarray(2_999_000))).status, 204)
  equal(stored(path), sha256(big))
  ok(readFileSync(join(stack.dir, 'uploads', 'the-same-bytes')).equals(big), 'the shared file was not touched')
})

await test('a chunk at the wrong place, twice, and after the end is 409 and tells the offset', async () => {
  const path = await begin(2000)
  const file = Buffer.concat([png(16, 16), randomBytes(2000)]).subarray(0, 2000)
  const ahead = await patch(path, 1000, file.subarray(1000))
  equal([ahead.status, ahead.json.code, ahead.headers['upload-offset']], [409, 'offset_wrong', '0'])
  equal((await patch(path, 0, file.subarray(0, 1000))).status, 204)
  const twice = await patch(path, 0, file.subarray(0, 1000))
  equal([twice.status, twice.json.code, twice.headers['upload-offset']], [409, 'offset_wrong', '1000'])
  equal((await patch(path, 1000, file.subarray(1000))).status, 204)
  const after = await patch(path, 2000, Buffer.from('x'))
  equal([after.status, after.json.code], [409, 'upload_done'])
  equal((await web.request('DELETE', path, { headers: tus })).status, 409)
})

await test('a damaged chunk is 460 and adds nothing', async () => {
  const path = await begin(big.length)
  for (const at of [0, 1_500_000]) {
    const part = big.subarray(at, at + 1_500_000)
    for (const kind of ['sha1', 'sha256']) {
      const r = await patch(path, at, part, { 'upload-checksum': digest(kind, Buffer.from('other bytes')) })
      equal([r.status, r.json.code], [460, 'bad_checksum'])
      equal(await offset(path), at)
    }
    equal((await patch(path, at, part, { 'upload-checksum': digest('sha1', part) })).status, 204)
  }
  equal((await patch(path, 3_000_000, big.subarray(3_000_000))).status, 204)
  equal(stored(path), sha256(big))
})

await test('past the end is 413, and nothing is kept of it', async () => {
  const path = await begin(100)
  const r = await patch(path, 0, big.subarray(0, 101))
  equal([r.status, r.json.code], [413, 'past_end'])
  equal(await offset(path), 0)
})

await test('two requests at once never mix: one adds, the other is 409', async () => {
  for (let round = 0; round < 5; round++) {
    const path = await begin(big.length)
    const cut = 1_500_000
    const answers = await Promise.all([0, 1, 2, 3].map(() => patch(path, 0, big.subarray(0, cut))))
    equal(answers.map(r => r.status).sort(), [204, 409, 409, 409])
    const rest = await Promise.all([0, 1, 2, 3].map(() => patch(path, cut, big.subarray(cut))))
    equal(rest.map(r => r.status).sort(), [204, 409, 409, 409])
    equal(stored(path), sha256(big))
  }
})

await test('a foreign, ended or unknown upload is 404', async () => {
  const path = await begin(100)
  const r = await patch(path, 0, big.subarray(0, 10), {}, world.web.bert)
  equal([r.status, r.json.code], [404, 'not_found'])
  equal((await web.request('DELETE', path, { headers: tus })).status, 204)
  ok(!existsSync(dataFile(path)))
  for (const gone of [path, `/uploads/${randomUUID()}`]) equal((await patch(gone, 0, big.subarray(0, 10))).status, 404)
  equal((await web.request('HEAD', path, { headers: tus })).status, 404)
})

await test('files that are no PNG are refused by their first bytes and end', async () => {
  for (const bytes of [Buffer.from('x'), Buffer.from('PK\u0003\u0004' + 'a'.repeat(600)), randomBytes(700), Buffer.alloc(5000)]) {
    const path = await begin(bytes.length, 'a.png')
    const r = await patch(path, 0, bytes)
    equal([r.status, r.json.code], [415, 'bad_type'])
    equal((await web.request('HEAD', path, { headers: tus })).status, 404)
  }
  const early = await begin(1_000_000, 'a.png') // told at the first chunk, not after a gigabyte
  equal((await patch(early, 0, randomBytes(600))).status, 415)
})

await test('names that could do harm are refused', async () => {
  for (const name of ['..', '.', 'a/b.png', 'a\\b.png', '../x.png', 'a\u0000b', 'a\nb.png', 'x\u202egnp.exe', 'n'.repeat(256), ''])
    equal([name, (await create(100, name)).status], [name, 400])
  equal((await create(100, 'a.png', { 'upload-metadata': 'filename %%%' })).json.code, 'bad_name')
  equal((await create(100, 'a.png', { 'upload-metadata': 'other YQ==' })).json.code, 'metadata_bad')
  equal((await create(100, 'a.png', { 'upload-metadata': null })).json.code, 'metadata_bad')
  for (const name of ['Größe 1.png', '肝.png', 'снимок.png', '.hidden', 'a..b.png', 'n'.repeat(255)]) equal((await create(100, name)).status, 201, name)
})

await test('lengths and versions are checked', async () => {
  equal((await create(0)).json.code, 'too_small')
  equal((await create(50_000_001)).json.code, 'too_large')
  equal((await create(50_000_001)).status, 413)
  for (const bad of ['-1', '1e3', 'x', '99999999999999999999']) equal([bad, (await create(bad)).json.code], [bad, 'length_missing'])
  const old = await create(10, 'a.png', { 'tus-resumable': '0.2.2' })
  equal([old.status, old.headers['tus-version']], [412, '1.0.0'])
  const path = await begin(10)
  equal((await patch(path, 0, 'x', { 'content-type': 'text/plain' })).status, 415)
  equal((await patch(path, 'x', 'x')).json.code, 'offset_missing')
  equal((await patch(path, 0, 'x', { 'upload-checksum': 'md5 YQ==' })).json.code, 'checksum_bad')
  equal((await patch(path, 0, '')).status, 204)
})

await test('an account may not fill the disk with unfinished uploads', async () => {
  const made = []
  let last
  for (let i = 0; i < 6; i++) {
    last = await world.web.bert.request('POST', '/uploads', { headers: { ...tus, 'upload-length': '49000000', 'upload-metadata': 'filename YS5wbmc=' } })
    if (last.status === 201) made.push(last)
  }
  equal([made.length, last.status, last.json.code], [4, 413, 'quota_bytes'])
})

await test('nothing is left where request bodies were', async () => {
  await until(() => readdirSync(join(stack.dir, 'body'), { withFileTypes: true }).every(e => !e.isFile()), 5, 'an empty body folder')
})

await test('headers cannot name the file of a body', async () => {
  const path = await begin(100)
  const r = await patch(path, 0, 'x', { request_body_file: '/etc/passwd', 'request-body-file': '/etc/passwd' })
  equal(r.status, 204)
  equal(readFileSync(dataFile(path), 'utf8'), 'x')
})

await finish()
