#!/usr/bin/env node
// Jobs and what belongs to them: asked for once however often, watched cheaply, cancelled, tried
// again; thresholds with their export; reports; files through nginx. No worker runs here: jobs
// are moved by hand, so that every step is seen.
import { randomUUID } from 'node:crypto'
import { Client } from '../lib/http.mjs'
import { equal, finish, ok, test, until } from '../lib/tap.mjs'
import { misanswer } from './schema.mjs'
import { png, sha256, startWorld } from './world.mjs'

const world = await startWorld({ set: { quota_queued: 20 } })
const { stack } = world
const anna = await world.join('anna', 'doctor', 'Radiology')
const bert = await world.join('bert', 'doctor', 'Surgery')
const root = await world.join('root', 'admin', 'Surgery')
const scan = world.scan('anna')
const version = world.version()
const segment = (more = {}) => ({ kind: 'segment', scan, version, ...more })

await test('a job is made once, however often it is asked for', async () => {
  const key = randomUUID()
  const first = await anna.job(segment({ threshold: 0.4 }), key)
  equal([first.status, first.json.state, first.json.place], [201, 'queued', 1])
  equal(first.headers.location, `/api/jobs/${first.json.id}`)
  const again = await anna.job(segment({ threshold: 0.4 }), key)
  equal([again.status, again.json.id], [200, first.json.id])
  const other = await anna.job(segment({ threshold: 0.6 }), key)
  equal([other.status, other.json.code], [409, 'idem_key_reused'])
  const count = stack.psql(`select count(*), max(params::text) from sg.job where idem_key = :'key'`, { key })
  equal(count, '1|{"threshold_milli": 400}')
  const many = await Promise.all(Array.from({ length: 8 }, () => anna.job(segment(), 'the-same')))
  equal(new Set(many.map(r => r.json.id)).size, 1)
  equal(many.map(r => r.status).sort(), [200, 200, 200, 200, 200, 200, 200, 201])
})

await test('the doorbell rings for it', async () => {
  const rung = async () => Number(await stack.redis('llen', 'sg:jobs:cpu'))
  const before = await rung()
  await anna.job(segment())
  equal(await rung(), before + 1)
  const key = randomUUID()
  await anna.job(segment(), key)
  await anna.job(segment(), key)
  equal(await rung(), before + 2, 'a repetition rings no more')
})

await test('the key is needed and plain', async () => {
  for (const key of [null, '', ' ', 'a b', 'x'.repeat(201)]) {
    const r = await anna.post('/api/jobs', segment(), { headers: { 'idempotency-key': key } })
    equal([r.status, r.json.code], [400, 'idem_key'], String(key))
  }
})

await test('scans and versions have to be fit for it', async () => {
  const raw = world.scan('anna')
  stack.psql(`update sg.scan set state = 'ingesting' where public_id = :'raw'`, { raw })
  equal((await anna.job(segment({ scan: raw }))).json.code, 'scan_not_ready')
  equal((await anna.job(segment({ scan: randomUUID() }))).status, 404)
  equal((await anna.job(segment({ version: randomUUID() }))).status, 404)
  stack.psql(`update sg.version set state = 'withdrawn' where public_id = :'version'`, { version })
  const r = await anna.job(segment())
  equal([r.status, r.json.code], [409, 'version_not_approved'])
  stack.psql(`update sg.version set state = 'approved' where public_id = :'version'`, { version })
})

await test('an account may not queue without end', async () => {
  let r
  for (let i = 0; i < 30; i++) r = await anna.job(segment())
  equal([r.status, r.json.code], [429, 'quota_queued'])
  equal((await bert.job({ kind: 'segment', scan: world.scan('bert'), version })).status, 201, 'others are not held up')
})

await test('places and the time to expect are told', async () => {
  const list = (await anna.get('/api/jobs')).json.items.filter(j => j.state === 'queued')
  equal(list.map(j => j.place).sort((a, b) => a - b)[0], 2, 'behind one of the other account')
  equal(list[0].expected_s, null)
  stack.psql(`insert into sg.job (account_id, department_id, kind, idem_key, state, attempt, started_at, finished_at, version_id)
    select a.id, a.department_id, 'segment', 'done' || n, 'succeeded', 1, now() - n * interval '1 s', now(), v.id
      from sg.account a, sg.version v, generate_series(1, 5) n where a.login = 'bert' and v.public_id = :'version'`, { version })
  equal((await anna.get(`/api/jobs/${list[0].id}`)).json.expected_s, 3)
})

await test('a poll says only what is new, and 304 when nothing is', async () => {
  const all = await anna.get('/api/jobs')
  equal(misanswer({ method: 'GET', path: '/api/jobs' }, all), '')
  const n = all.json.revision
  equal(all.headers.etag, `"r${n}"`)
  equal(n, Math.max(...all.json.items.map(j => j.revision)))
  const quiet = await anna.get(`/api/jobs?since=${n}`)
  equal(quiet.json, { revision: n, items: [] })
  const same = await anna.get(`/api/jobs?since=${n}`, { headers: { 'if-none-match': `"r${n}"` } })
  equal([same.status, same.body.length, same.headers.etag], [304, 0, `"r${n}"`])
  equal((await anna.get('/api/jobs', { headers: { 'if-none-match': `W/"r${n}"` } })).status, 304)
  const id = all.json.items[0].id
  stack.psql(`update sg.job set stage = 'network', revision = nextval('sg.revision_seq') where public_id = :'id'`, { id })
  const news = await anna.get(`/api/jobs?since=${n}`, { headers: { 'if-none-match': `"r${n}"` } })
  equal([news.status, news.json.items.map(j => [j.id, j.stage])], [200, [[id, 'network']]])
  ok(news.json.revision > n)
  ok(!(await bert.get(`/api/jobs?since=${n}`)).text.includes(id), 'not for others')
  ok((await root.get(`/api/jobs?since=${n}`)).json.items.some(j => j.id === id), 'but for an admin')
})

await test('more than a hundred changes arrive in turns, none is left out', async () => {
  stack.psql(`insert into sg.job (account_id, department_id, kind, idem_key, state, finished_at)
    select id, department_id, 'ingest', 'many' || n, 'cancelled', now() from sg.account, generate_series(1, 250) n where login = 'bert'`)
  const seen = new Set()
  let since = 1
  for (let i = 0; i < 10; i++) {
    const r = await bert.get(`/api/jobs?since=${since}`)
    if (r.json.items.length === 0) break
    for (const j of r.json.items) seen.add(j.id)
    since = r.json.revision
  }
  equal(seen.size, Number(stack.psql(`select count(*) from sg.job j join sg.account a on a.id = j.account_id where login = 'bert'`)))
})

await test('a waiting job is cancelled at once, a running one flagged', async () => {
  const { id } = (await anna.get('/api/jobs')).json.items.find(j => j.state === 'queued')
  equal((await anna.post(`/api/jobs/${id}/cancel`)).json.state, 'cancelled')
  equal((await anna.post(`/api/jobs/${id}/cancel`)).json.state, 'cancelled', 'twice is harmless')
  const run = (await anna.get('/api/jobs')).json.items.find(j => j.state === 'queued').id
  stack.psql(`update sg.job set state = 'running', attempt = 1, lease_token = 1, lease_expires_at = now() + interval '1 h', started_at = now(),
    revision = nextval('sg.revision_seq') where public_id = :'run'`, { run })
  equal((await anna.post(`/api/jobs/${run}/cancel`)).json.state, 'running')
  equal(stack.psql(`select cancel_requested from sg.job where public_id = :'run'`, { run }), 't')
})

await test('a retry asks what a first try is asked: an approved version, a scan that is there', async () => {
  const gone = world.scan('anna')
  const old = world.job('anna', 'cancelled', gone)
  stack.psql(`update sg.version set state = 'withdrawn' where public_id = :'version'`, { version })
  let r = await anna.post(`/api/jobs/${old}/retry`)
  equal([r.status, r.json.code], [409, 'version_not_approved'])
  stack.psql(`update sg.version set state = 'approved' where public_id = :'version'`, { version })
  stack.psql(`update sg.scan set deleted_at = now() where public_id = :'gone'`, { gone })
  r = await anna.post(`/api/jobs/${old}/retry`)
  equal([r.status, r.json.code], [404, 'scan_absent'])
})

await test('a retry is a new job that names the old one', async () => {
  const old = world.job('anna', 'failed', scan)
  const seen = await anna.get(`/api/jobs/${old}`)
  equal(seen.json.error, { code: 'image_corrupt', text: 'It is.' })
  const key = { headers: { 'idempotency-key': 'retry-1' } }
  const r = await anna.post(`/api/jobs/${old}/retry`, undefined, key)
  equal([r.status, r.json.retry_of, r.json.state], [201, old, 'queued'])
  equal((await anna.post(`/api/jobs/${old}/retry`, undefined, key)).json.id, r.json.id)
  const bad = await anna.post(`/api/jobs/${r.json.id}/retry`)
  equal([bad.status, bad.json.code], [409, 'job_not_ended'])
  equal((await root.post(`/api/jobs/${world.job('bert', 'dead')}/retry`)).status, 201, 'an admin may, for others')
})

await test('saving a threshold and asking for its mask is one step', async () => {
  const seg = world.segmentation('bert')
  equal((await bert.get(`/api/segmentations/${seg}/mask`)).status, 200)
  const r = await bert.put(`/api/segmentations/${seg}/threshold`, { threshold: 0.35 })
  equal([r.status, r.json.segmentation.threshold, r.json.segmentation.mask_threshold], [200, 0.35, 0.5])
  equal([r.json.job.kind, r.json.job.state, r.json.job.segmentation], ['export', 'queued', seg])
  equal(misanswer({ method: 'PUT', path: '/api/segmentations/{id}/threshold' }, r), '')
  equal(stack.psql(`select params from sg.job where public_id = :'id'`, { id: r.json.job.id }), '{"what": "mask", "threshold_milli": 350}')
  const mask = await bert.get(`/api/segmentations/${seg}/mask`)
  equal([mask.status, mask.json.code], [409, 'mask_pending'])
  stack.psql(`update sg.segmentation set mask_threshold = threshold where public_id = :'seg'`, { seg })
  equal((await bert.get(`/api/segmentations/${seg}/mask`)).status, 200)
  equal((await bert.get(`/api/segmentations/${seg}`)).json.threshold, 0.35, 'kept')
})

await test('files come through nginx with safe headers, and only with a session', async () => {
  const seg = world.segmentation('anna', scan)
  const image = await anna.get(`/api/scans/${scan}/image`)
  equal(image.status, 200)
  equal(image.headers['content-type'], 'image/png')
  ok(image.headers['cache-control'].includes('private'))
  equal(image.headers['x-content-type-options'], 'nosniff')
  equal(image.body.subarray(1, 4).toString(), 'PNG')
  const hex = stack.psql(`select encode(image_sha, 'hex') from sg.scan where public_id = :'scan'`, { scan })
  equal(sha256(image.body), hex)
  const original = await anna.get(`/api/scans/${scan}/original`)
  equal(original.headers['content-disposition'], `attachment; filename="Gr__e__1_.png"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.png`)
  const q = await anna.get(`/api/segmentations/${seg}/probability`)
  equal([q.headers['content-type'], q.body.length, q.body[0]], ['application/octet-stream', 256, 7])
  const part = await anna.get(`/api/segmentations/${seg}/probability`, { headers: { range: 'bytes=0-9' } })
  equal([part.status, part.body.length], [206, 10])
  const direct = `/blobs/${hex.slice(0, 2)}/${hex.slice(2, 4)}/${hex}`
  equal((await anna.get(direct)).status, 404, 'the store itself is not to be had')
  const stranger = new Client(stack)
  equal((await stranger.get(`/api/scans/${scan}/image`)).status, 401)
  stranger.close()
})

await test('a scan is made from a finished upload, with its ingest job', async () => {
  const study = world.study('bert')
  const upload = await bert.upload(png(), 'liver.png')
  const r = await bert.post(`/api/studies/${study}/scans`, { upload })
  equal([r.status, r.json.scan.state, r.json.job.kind, r.json.job.scan], [201, 'ingesting', 'ingest', r.json.scan.id])
  equal(misanswer({ method: 'POST', path: '/api/studies/{id}/scans' }, r), '')
  const open = await world.upload('bert')
  const early = await bert.post(`/api/studies/${study}/scans`, { upload: open })
  equal([early.status, early.json.code], [409, 'upload_open'])
  equal((await bert.get(`/api/scans/${r.json.scan.id}/image`)).json.code, 'scan_not_ready')
})

await test('reports run, as JSON and as CSV that no spreadsheet takes for a formula', async () => {
  const list = (await root.get('/api/reports')).json.items
  ok(list.length >= 3)
  for (const { name, columns } of list) {
    const r = await root.get(`/api/reports/${name}?from=2020-01-01&to=2030-01-01`)
    equal([r.status, r.json.columns], [200, columns], name)
    ok(r.json.rows.every(row => row.length === columns.length))
    const csv = await root.get(`/api/reports/${name}?format=csv`)
    equal(csv.headers['content-type'], 'text/csv; charset=utf-8')
    ok(/^attachment; filename="segward-/.test(csv.headers['content-disposition']))
    equal(csv.text.split('\r\n')[0], columns.join(','))
  }
  stack.psql(`update sg.department set name = '=HYPERLINK("x")' where name = 'Surgery'`)
  const csv = await root.get('/api/reports/usage?format=csv')
  ok(csv.text.includes(`"'=HYPERLINK(""x"")"`), csv.text.slice(0, 300))
  stack.psql(`update sg.department set name = 'Surgery' where name like '=%'`)
  equal((await root.get('/api/reports/none')).status, 404)
  equal((await root.get('/api/reports/usage?from=yesterday')).status, 400)
  ok((await root.get('/api/reports/usage')).text.length > 0)
  ok(!(await root.get('/api/reports/usage')).text.includes('A Patient'))
})

await test('audit rows chain the person to the object, without data', async () => {
  const patient = world.patient('anna', 'Canary Birdwing')
  const r = await anna.get(`/api/patients/${patient}`)
  const row = stack.psql(
    `select a.login, e.action, e.object_kind, e.object_id, e.detail from sg.audit_event e join sg.account a on a.id = e.account_id where request = :'id'`,
    { id: r.headers['x-request-id'] }
  )
  equal(row, `anna|patient.view|patient|${patient}|{}`)
  await anna.get('/api/patients?q=Birdwing')
  equal(stack.psql(`select count(*) from sg.audit_event where detail::text ilike '%birdwing%'`), '0')
})

await test('patients’ names and file names stand in no log, in Redis or in an address', async () => {
  const canary = `Kanarienvogel${Math.random().toString(36).slice(2)}`
  const made = await anna.post('/api/patients', { code: canary, name: canary })
  equal(made.status, 201)
  await anna.get(`/api/patients?q=${canary}`)
  await anna.get(`/api/patients?q=${canary}&x=1`)
  await anna.post('/api/patients', { code: canary, name: canary })
  await anna.post(`/api/patients/${made.json.id}/studies`, { description: canary })
  await anna.upload(png(), `${canary}.png`)
  await until(() => stack.log('access').includes(made.json.id), 5, 'the access log')
  for (const name of ['web', 'access', 'nginx-error', 'postgres', 'redis']) ok(!stack.log(name).includes(canary), name)
  const keys = (await stack.redis('keys', '*')).split('\n').filter(Boolean)
  for (const key of keys) {
    ok(!key.includes(canary))
    const type = (await stack.redis('type', key)).trim()
    if (type === 'string') ok(!(await stack.redis('get', key)).includes(canary), key)
  }
})

await finish()
