#!/usr/bin/env node
// tests/run: alone
// Registration, log-in, sessions and passwords: what is let in, what is not, and that an ended
// session is refused at once, also while Redis still knows it.
import { Client } from '../lib/http.mjs'
import { equal, finish, ok, test, until } from '../lib/tap.mjs'
import { startWorld } from './world.mjs'

const world = await startWorld()
const { stack } = world
const anna = await world.join('anna', 'doctor', 'Radiology')
const root = await world.join('root', 'admin', 'Radiology')
await world.join('bert', 'doctor', 'Surgery')
const department = (await anna.get('/api/departments')).json.items.find(d => d.name === 'Radiology').id
const fresh = () => new Client(stack)
const again = async login => {
  const web = fresh()
  const r = await web.login(login, world.people[login].password)
  equal(r.status, 200, login)
  return web
}
const form = (login, more = {}) => ({ login, password: 'a long enough password', name: 'New Person', post: 'intern', department, role: 'doctor', ...more })

await test('healthz tells that all services answer', async () => {
  const r = await fresh().get('/healthz')
  equal([r.status, r.json], [200, { ok: true, db: true, redis: true }])
})

await test('log-in answers the account and sets a cookie only our pages can use', async () => {
  const web = fresh()
  const r = await web.login('anna', world.people.anna.password)
  equal(r.status, 200)
  equal(Object.keys(r.json.account).sort(), ['department', 'id', 'language', 'login', 'name', 'post', 'role'])
  equal(r.json.account.department, { id: department, name: 'Radiology' })
  const [cookie] = r.headers['set-cookie']
  ok(/^__Host-sg=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/.test(cookie), 'cookie attributes')
  const me = await web.get('/api/me')
  equal(me.json, r.json)
  equal(r.headers['cache-control'], 'no-store')
})

await test('the token in PostgreSQL and Redis is a hash, not the cookie', async () => {
  const token = anna.cookies.get('__Host-sg')
  const rows = stack.psql(`select string_agg(encode(token_hash, 'base64'), ' ') from sg.session`)
  ok(!rows.includes(token))
  ok(!(await stack.redis('keys', '*')).includes(token))
})

await test('registration waits for an admin', async () => {
  const web = fresh()
  const r = await web.post('/api/register', form('newcomer'))
  equal([r.status, r.json], [202, { state: 'pending' }])
  const early = await web.login('newcomer', 'a long enough password')
  equal([early.status, early.json.code], [403, 'account_inactive'])
  equal((await web.login('newcomer', 'wrong')).json.code, 'login_wrong')
  const list = (await root.get('/api/accounts?state=pending')).json.items
  equal(list.map(a => [a.login, a.state, a.role]), [['newcomer', 'pending', 'doctor']])
  const done = await root.post(`/api/accounts/${list[0].id}/approve`)
  equal([done.status, done.json.state], [200, 'active'])
  equal((await web.login('newcomer', 'a long enough password')).status, 200)
})

await test('registration refuses what does not fit', async () => {
  const web = fresh()
  const bad = async (more, code, status = 400) => {
    const r = await web.post('/api/register', form('other', more))
    equal([r.status, r.json.code], [status, code], JSON.stringify(more))
  }
  await bad({ login: 'anna' }, 'login_taken', 409)
  await bad({ login: 'UPPER' }, 'login_bad')
  await bad({ login: 'x y' }, 'login_bad')
  await bad({ role: 'admin' }, 'param_bad')
  await bad({ password: 'short' }, 'password_weak')
  await bad({ password: 'aaaaaaaaaaaaaaaa' }, 'password_weak')
  await bad({ department: '00000000-0000-4000-8000-000000000000' }, 'department_bad')
  await bad({ name: '' }, 'param_bad')
  await bad({ name: 'a\u0000b' }, 'json_bad')
  await bad({ name: 'line\nbreak' }, 'param_bad')
  await bad({ extra: 1 }, 'json_unknown')
})

await test('log-out ends the session and clears the cookie', async () => {
  const web = await again('anna')
  const cookie = web.cookies.get('__Host-sg')
  const r = await web.post('/api/logout')
  equal(r.status, 204)
  ok(!web.cookies.has('__Host-sg'))
  web.cookies.set('__Host-sg', cookie)
  equal((await web.get('/api/me')).status, 401)
})

await test('a log-in with somebody else’s cookie gets a session of its own', async () => {
  const web = fresh()
  web.cookies.set('__Host-sg', 'A'.repeat(43))
  const r = await web.post('/api/login', { login: 'anna', password: world.people.anna.password })
  equal(r.status, 200)
  ok(web.cookies.get('__Host-sg') !== 'A'.repeat(43))
})

await test('malformed and doubled cookies are nobody', async () => {
  const good = anna.cookies.get('__Host-sg')
  for (const cookie of ['__Host-sg=', '__Host-sg=x', `__Host-sg=${good}x`, `__Host-sg=${good}; __Host-sg=${good}`, `other=${good}`, '__Host-sg'])
    equal([cookie, (await fresh().get('/api/me', { headers: { cookie } })).status], [cookie, 401])
  equal((await fresh().get('/api/me', { headers: { cookie: `a=b; __Host-sg=${good} ; c=d` } })).status, 200)
})

await test('log-in and registration look at Origin, too', async () => {
  for (const headers of [{ origin: 'https://evil.example' }, { origin: null, 'sec-fetch-site': null }, { 'sec-fetch-site': 'same-site' }, { origin: 'null' }]) {
    const r = await fresh().post('/api/login', { login: 'anna', password: world.people.anna.password }, { headers })
    equal([r.status, r.json.code], [403, 'origin'])
    equal((await fresh().post('/api/register', form('crossing'), { headers })).status, 403)
  }
})

// From here on the session cache is warm: a process passes it by in its first 30 s.
await test('the session cache fills', async () => {
  await until(async () => (await anna.get('/api/me'), (await stack.redis('keys', 'sg:session:*')).trim() !== ''), 40, 'a cached session')
})

const cached = async web => {
  equal((await web.get('/api/me')).status, 200)
  equal((await web.get('/api/jobs')).status, 200)
}

await test('an ended session is refused at once, with a warm cache', async () => {
  const one = await again('bert')
  const two = await again('bert')
  await cached(one)
  await cached(two)
  const keys = (await stack.redis('keys', 'sg:session:*')).trim().split('\n').length
  ok(keys >= 2, 'both are cached')
  equal((await one.post('/api/logout-everywhere')).status, 204)
  equal((await two.get('/api/me')).status, 401)
  equal((await two.get('/api/jobs')).status, 401)
  equal((await one.get('/api/me')).status, 401)
})

await test('a new password ends all sessions but gives this one a new cookie', async () => {
  const one = await again('bert')
  const two = await again('bert')
  await cached(one)
  await cached(two)
  const before = one.cookies.get('__Host-sg')
  const { password } = world.people.bert
  const wrong = await one.put('/api/me/password', { old: 'nope', new: 'brand new and long' })
  equal([wrong.status, wrong.json.code], [403, 'password_wrong'])
  equal((await one.put('/api/me/password', { old: password, new: 'short' })).json.code, 'password_weak')
  const r = await one.put('/api/me/password', { old: password, new: 'brand new and long' })
  equal(r.status, 204)
  ok(one.cookies.get('__Host-sg') !== before, 'rotated')
  const me = await one.get('/api/me')
  equal([me.status, me.json.csrf], [200, r.headers['x-csrf-token']])
  equal((await two.get('/api/me')).status, 401)
  equal((await fresh().get('/api/me', { headers: { cookie: `__Host-sg=${before}` } })).status, 401)
  equal((await fresh().login('bert', password)).status, 401)
  world.people.bert.password = 'brand new and long'
  await again('bert')
})

await test('disabling an account ends its sessions at once', async () => {
  const web = await again('bert')
  await cached(web)
  const { id } = web.account
  equal((await root.post(`/api/accounts/${id}/disable`)).json.state, 'disabled')
  equal((await web.get('/api/me')).status, 401)
  equal((await fresh().login('bert', world.people.bert.password)).json.code, 'account_inactive')
  equal((await root.post(`/api/accounts/${id}/enable`)).json.state, 'active')
  await again('bert')
  const self = await root.post(`/api/accounts/${root.account.id}/disable`)
  equal([self.status, self.json.code], [409, 'account_self'])
})

await test('the idle time ends a session; polling does not renew it, use does', async () => {
  const idle = async web => {
    const hash = (await import('node:crypto')).createHash('sha256').update(web.cookies.get('__Host-sg')).digest('hex')
    stack.psql(`update sg.session set last_used_at = now() - interval '19 min' where encode(token_hash, 'hex') = :'hash'`, { hash })
    await stack.redis('del', `sg:session:${hash}`)
    return () => Number(stack.psql(`select extract(epoch from now() - last_used_at) from sg.session where encode(token_hash, 'hex') = :'hash'`, { hash }))
  }
  const web = await again('anna')
  const age = await idle(web)
  equal((await web.get('/api/jobs?since=0')).status, 200)
  ok(age() > 1000, 'a poll left it')
  equal((await web.get('/api/me')).status, 200)
  ok(age() < 60, 'a page renewed it')
  const late = await again('anna')
  await idle(late)
  const { createHash } = await import('node:crypto')
  const hash = createHash('sha256').update(late.cookies.get('__Host-sg')).digest('hex')
  stack.psql(`update sg.session set last_used_at = now() - interval '21 min' where encode(token_hash, 'hex') = :'hash'`, { hash })
  equal((await late.get('/api/me')).status, 401)
})

await test('with Redis gone everything goes on, and ending still counts at once', async () => {
  const one = await again('anna')
  const two = await again('anna')
  await cached(one)
  await cached(two)
  await stack.kill('redis', 'SIGKILL')
  equal((await two.get('/api/me')).status, 200)
  equal((await fresh().get('/healthz')).json, { ok: true, db: true, redis: false })
  equal((await one.post('/api/logout-everywhere')).status, 204)
  equal((await two.get('/api/me')).status, 401)
  await stack.start('redis')
  equal((await two.get('/api/me')).status, 401)
  await anna.login('anna', world.people.anna.password)
})

await test('wrong log-ins slow down, alike for names that exist and that do not', async () => {
  const seen = {}
  for (const name of ['bert', 'nobody.has.this']) {
    seen[name] = []
    for (let i = 0; i < 6; i++) {
      const r = await fresh().login(name, 'not the password')
      seen[name].push([r.status, r.json.code, r.headers['retry-after'] ?? null])
    }
  }
  equal(seen.bert, seen['nobody.has.this'])
  equal(seen.bert[3], [401, 'login_wrong', null])
  equal(seen.bert[4], [429, 'login_throttled', '1'])
  // the right password does not help meanwhile
  stack.psql(`update sg.account set locked_until = now() + interval '3 s' where login = 'bert'`)
  equal((await fresh().login('bert', world.people.bert.password)).status, 429)
  await until(async () => (await fresh().login('bert', world.people.bert.password)).status === 200, 10, 'the end of the delay')
})

// Without the dummy hash an unknown name would be told in a fiftieth of the time.
await test('answers for unknown names take as long', async () => {
  const median = list => list.sort((a, b) => a - b)[list.length >> 1]
  const known = []
  const unknown = []
  for (let i = 0; i < 12; i++) {
    stack.psql(`update sg.account set failed_logins = 0, locked_until = null where login = 'bert'`)
    known.push((await fresh().login('bert', 'wrong password')).ms)
    unknown.push((await fresh().login(`stranger${i}`, 'wrong password')).ms)
  }
  const [a, b] = [median(known), median(unknown)]
  ok(Math.abs(a - b) < 0.5 * Math.max(a, b), `medians ${a.toFixed(1)} and ${b.toFixed(1)} ms`)
})

await test('a flood of wrong log-ins leaves others in peace', async () => {
  const p99 = async () => {
    const times = []
    for (let i = 0; i < 200; i++) times.push((await anna.get('/api/jobs?since=0')).ms)
    return times.sort((a, b) => a - b)[197]
  }
  await anna.get('/api/me')
  const calm = await p99()
  let stop = false
  let count = 0
  const codes = new Set()
  const flood = Array.from({ length: 24 }, async (_, n) => {
    const web = fresh()
    while (!stop) {
      codes.add((await web.login(`flood${n}-${count++}`, 'wrong password')).status)
    }
    web.close()
  })
  const busy = await p99()
  stop = true
  await Promise.all(flood)
  console.log(`# p99 ${calm.toFixed(1)} ms calm, ${busy.toFixed(1)} ms under ${count} log-ins, answers ${[...codes].join(' ')}`)
  ok(count > 20, 'there was a flood')
  ok([...codes].every(c => c === 401 || c === 503 || c === 429), 'only refusals')
  ok(busy < Math.max(2 * calm, 250), `p99 ${busy.toFixed(1)} ms against ${calm.toFixed(1)} ms`)
})

await test('with PostgreSQL gone answers are 503 and come back by themselves', async () => {
  await stack.kill('postgres', 'SIGQUIT')
  const r = await anna.get('/api/patients')
  equal(r.status, 503)
  ok(r.headers['retry-after'])
  const login = await fresh().login('anna', world.people.anna.password)
  equal(login.status, 503)
  equal((await fresh().get('/healthz')).status, 503)
  await stack.start('postgres')
  await until(async () => (await anna.get('/api/patients')).status === 200, 15, 'the database again')
})

await test('no password, token or name stands in a log', async () => {
  const secrets = [world.people.anna.password, 'brand new and long', 'a long enough password', anna.cookies.get('__Host-sg'), anna.csrf, 'New Person', 'nobody.has.this']
  for (const name of ['web', 'access', 'nginx-error', 'postgres'])
    for (const secret of secrets) ok(!stack.log(name).includes(secret), `${name} has ${secret}`)
})

await finish()
