#!/usr/bin/env node
// tests/run: timeout 300
// Every route x every role x an own, a foreign, a deleted and an unknown object, from the table
// that the program itself prints; and the audit row that each request leaves.
import { randomUUID } from 'node:crypto'
import { Client } from '../lib/http.mjs'
import { equal, finish, ok, test } from '../lib/tap.mjs'
import { misanswer } from './schema.mjs'
import { routeTable, startWorld, png, sha256 } from './world.mjs'

const world = await startWorld()
const { stack } = world
await world.join('anna', 'doctor', 'Radiology')
await world.join('bert', 'doctor', 'Surgery')
await world.join('rosa', 'researcher', 'Radiology')
await world.join('rudi', 'researcher', 'Surgery')
await world.join('root', 'admin', 'Surgery')
const departments = (await world.web.anna.get('/api/departments')).json.items
const table = routeTable()

/** Who owns an object for this rule and role; who is the stranger. */
const OWNER = { doctor: 'anna', researcher: 'rosa', admin: 'root' }
const STRANGER = { doctor: 'bert', researcher: 'rudi', admin: null }

let serial = 0
/** A new object of a rule's kind that `login` may touch. */
async function make(rule, login, route) {
  switch (rule) {
    case 'patient':
      return world.patient(login)
    case 'study':
      return world.study(login)
    case 'scan':
      return world.scan(login)
    case 'segmentation':
      return world.segmentation(login)
    case 'job':
      return world.job(login, route.path.endsWith('/retry') ? 'failed' : 'queued')
    case 'upload':
      return world.upload(login)
    case 'account':
      serial++
      return stack.psql(
        `insert into sg.account (login, name, role, department_id, password_hash)
         select 'new${serial}', 'N', 'doctor', min(id), 'x' from sg.department returning public_id`
      )
    default:
      return null
  }
}

/** Take it away, as far as its kind can be. */
function remove(rule, id) {
  const table = { patient: 'patient', study: 'study', scan: 'scan', segmentation: 'segmentation' }[rule]
  if (table) stack.psql(`update sg.${table} set deleted_at = now() where public_id = :'id'`, { id })
  else if (rule === 'upload') stack.psql(`update sg.upload set state = 'ended' where public_id = :'id'`, { id })
  else return false
  return true
}

/** What a good request of this route carries beside its path. */
async function sample(route, login) {
  const key = `${route.method} ${route.path}`
  const tus = { 'tus-resumable': '1.0.0' }
  const bodies = {
    'POST /api/register': { login: `reg${++serial}`, password: 'a long enough one', name: 'R', department: departments[0].id, role: 'doctor' },
    'POST /api/login': { login, password: world.people[login]?.password ?? 'wrong password' },
    'PATCH /api/me': { language: 'ru' },
    'POST /api/patients': { code: `c${++serial}`, name: 'P' },
    'POST /api/patients/{id}/studies': { description: 'Visit' },
    'PUT /api/segmentations/{id}/threshold': { threshold: 0.35 }
  }
  if (key in bodies) return { json: bodies[key] }
  if (key === 'PUT /api/me/password') {
    const old = world.people[login].password
    world.people[login].password = `another good one ${++serial}`
    return { json: { old, new: world.people[login].password } }
  }
  if (key === 'POST /api/jobs')
    return { json: { kind: 'segment', scan: world.scan('anna'), version: world.version() }, headers: { 'idempotency-key': randomUUID() } }
  if (key === 'POST /api/studies/{id}/scans') return { json: { upload: await finished(login) } }
  if (key === 'POST /uploads') return { headers: { ...tus, 'upload-length': '9', 'upload-metadata': 'filename YS5wbmc=' } }
  if (key === 'PATCH /uploads/{id}')
    return { body: png().subarray(0, 50), headers: { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' } }
  if (route.path.startsWith('/uploads')) return { headers: tus }
  return {}
}

async function finished(login) {
  if (login !== 'anna' && login !== 'bert') return randomUUID()
  return world.web[login].upload(png(), 'a.png')
}

function fill(route, id) {
  return route.path.replace('{id}', id ?? randomUUID()).replace('{name}', 'turnaround').replace('{sha256}', sha256('x'))
}

/** These end sessions, so everybody logs in again after them. */
const ending = route => /log(in|out)|password/.test(route.path)

for (const route of table.filter(r => !r.roles.includes('host'))) {
  const name = `${route.method} ${route.path}`
  const open = route.roles.includes('nobody')
  await test(`${name}: each role`, async () => {
    for (const role of ['doctor', 'researcher', 'admin']) {
      const allowed = open || route.roles.includes(role)
      const login = OWNER[role]
      /* Somebody who may not call it is shown no difference between own and other objects. */
      const id = await make(route.object, allowed ? login : 'anna', route)
      const extra = await sample(route, login)
      const r = await world.web[login].request(route.method, fill(route, id), extra)
      if (!allowed) {
        equal([r.status, r.json?.code ?? 'role'], [403, 'role'], role)
        if (route.method !== 'HEAD') equal(misanswer(route, r), '', role)
        equal(world.audit(r), [], `audit for ${role}`)
        continue
      }
      ok(r.status >= 200 && r.status < 300, `${role}: ${r.status} ${r.text.slice(0, 200)}`)
      equal(misanswer(route, r), '', role)
      equal(world.audit(r), route.audit ? [route.audit] : [], `audit for ${role}`)
    }
  })
  if (ending(route)) for (const login of Object.values(OWNER)) await world.web[login].login(login, world.people[login].password)
  if (!open)
    await test(`${name}: nobody`, async () => {
      const web = new Client(stack)
      const r = await web.request(route.method, fill(route, null), await sample({ ...route, path: '', method: '' }, 'anna'))
      equal(r.status, 401)
      if (route.method !== 'HEAD') equal(r.json.code, 'session_none')
      web.close()
    })
  if (route.csrf)
    await test(`${name}: without the CSRF token, and from another site`, async () => {
      const login = OWNER[route.roles[0]]
      const web = world.web[login]
      const id = await make(route.object, login, route)
      const path = fill(route, id)
      for (const headers of [
        { 'x-csrf-token': null },
        { 'x-csrf-token': 'A'.repeat(43) },
        { origin: 'https://evil.example' },
        { 'sec-fetch-site': 'cross-site' },
        { origin: null, 'sec-fetch-site': null }
      ]) {
        const r = await web.request(route.method, path, { headers })
        equal(r.status, 403, JSON.stringify(headers))
        ok(['csrf', 'origin'].includes(r.json.code))
        equal(world.audit(r), [])
      }
    })
  if (route.object === 'none' || open) continue
  await test(`${name}: a foreign, a deleted and an unknown object are alike`, async () => {
    for (const role of route.roles) {
      const web = world.web[OWNER[role]]
      const ids = { unknown: randomUUID(), broken: 'x' }
      if (STRANGER[role]) ids.foreign = await make(route.object, STRANGER[role], route)
      const own = await make(route.object, OWNER[role], route)
      if (remove(route.object, own)) ids.deleted = own
      const seen = {}
      for (const [what, id] of Object.entries(ids)) {
        const r = await web.request(route.method, fill(route, id), await sample(route, OWNER[role]))
        equal(r.status, 404, `${role}, ${what}`)
        equal(world.audit(r), [], `audit of ${what}`)
        if (route.method !== 'HEAD') {
          equal(misanswer(route, r), '', what)
          delete r.json.request
          seen[what] = r.json
        }
      }
      for (const what of Object.keys(seen)) equal(seen[what], seen.unknown, what)
    }
  })
}

await test('what lies below a deleted patient is gone', async () => {
  const patient = world.patient('anna')
  const study = world.study('anna', patient)
  const scan = world.scan('anna', study)
  const segmentation = world.segmentation('anna', scan)
  const web = world.web.anna
  equal((await web.get(`/api/segmentations/${segmentation}`)).status, 200)
  equal((await web.delete(`/api/patients/${patient}`)).status, 204)
  for (const path of [`patients/${patient}`, `studies/${study}`, `scans/${scan}`, `scans/${scan}/image`, `segmentations/${segmentation}`, `segmentations/${segmentation}/mask`])
    equal((await web.get(`/api/${path}`)).status, 404, path)
  for (const list of ['patients', 'studies']) ok(!(await web.get(`/api/${list}?limit=200`)).text.includes(patient), list)
})

await test('lists and searches show the own department only', async () => {
  world.patient('bert', 'Hidden Person')
  equal((await world.web.anna.get('/api/patients?q=hidden')).json.items, [])
  equal((await world.web.bert.get('/api/patients?q=hidden')).json.items.length, 1)
})

await test('a job may not use a foreign scan, nor a scan a foreign upload', async () => {
  const body = { kind: 'segment', scan: world.scan('bert'), version: world.version() }
  equal((await world.web.anna.job(body)).status, 404)
  const upload = await world.web.bert.upload(png(), 'b.png')
  equal((await world.web.anna.post(`/api/studies/${world.study('anna')}/scans`, { upload })).status, 404)
})

await test('a colleague of the department sees the patient, not the upload or the job', async () => {
  await world.join('carl', 'doctor', 'Radiology')
  equal((await world.web.carl.get(`/api/patients/${world.patient('anna')}`)).status, 200)
  equal((await world.web.carl.get(`/api/jobs/${world.job('anna')}`)).status, 404)
  const upload = await world.upload('anna')
  equal((await world.web.carl.request('HEAD', `/uploads/${upload}`, { headers: { 'tus-resumable': '1.0.0' } })).status, 404)
})

await test('the internal addresses do not exist on the portal', async () => {
  for (const method of ['GET', 'HEAD', 'PUT']) {
    const r = await world.web.root.request(method, `/internal/blobs/${sha256('x')}`, { headers: { 'sg-internal': '1', sg_internal: '1' } })
    equal(r.status, 404)
  }
})

await test('row level security alone hides foreign rows from the API role', () => {
  world.patient('anna')
  equal(stack.psql('set role sg_api; select count(*) from sg.patient'), '0')
})

await finish()
