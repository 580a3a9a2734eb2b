#!/usr/bin/env node
// Bad input gets its own code and sentence: never a 500, never silence, and the next request is
// served as if nothing had been.
import { connect } from 'node:tls'
import { equal, finish, ok, test, sleep } from '../lib/tap.mjs'
import { misanswer } from './schema.mjs'
import { routeTable, startWorld } from './world.mjs'

const world = await startWorld()
const { stack } = world
const web = await world.join('anna', 'doctor', 'Radiology')
await world.join('root', 'admin', 'Radiology')
const id = world.patient('anna')
const seg = world.segmentation('anna')
const json = { 'content-type': 'application/json' }
const post = (body, headers = json, path = '/api/patients') => web.request('POST', path, { body, headers })
const good = { code: 'c', name: 'n' }
const wants = (r, status, code) => {
  equal([r.status, r.json?.code], [status, code], r.text.slice(0, 200))
  equal(r.headers['content-type'], 'application/problem+json')
  equal(Object.keys(r.json).sort(), ['code', 'detail', 'request', 'status', 'title', 'type'])
  equal(r.json.request, r.headers['x-request-id'])
}

await test('bodies that are no JSON', async () => {
  for (const body of ['{', '{"code":', 'nonsense', '{"a":1}}', "{'code':'c'}", '{"code":"c",}', '\u0000', '{"code":"\\ud800"}', Buffer.from([0x7b, 0xff, 0x7d]), '[1,2', '{"code":1e999,"name":"n"}', '{"code":NaN}', '{"code":"c","name":"a\u0000"}'.replace('\u0000', '\\u0000')])
    wants(await post(body), 400, 'json_bad')
})

await test('members given twice', async () => wants(await post('{"code":"c","name":"n","name":"m"}'), 400, 'json_bad'))

await test('JSON 10,000 levels deep', async () => {
  wants(await post('['.repeat(10000) + ']'.repeat(10000)), 400, 'json_too_deep')
  wants(await post('{"a":'.repeat(5000) + '1' + '}'.repeat(5000)), 400, 'json_too_deep')
})

await test('bodies of 64 KiB and above', async () => {
  wants(await post(JSON.stringify({ ...good, name: 'n'.repeat(60000) })), 400, 'param_bad')
  const r = await post(JSON.stringify({ ...good, name: 'n'.repeat(70000) }))
  equal(r.status, 413)
  const huge = await post(Buffer.alloc(10_000_000, 0x20)).catch(e => ({ status: `${e.code}` }))
  ok([413, 'ECONNRESET', 'EPIPE'].includes(huge.status), `10 MB: ${huge.status}`)
})

await test('wrong types and unknown members', async () => {
  wants(await post(JSON.stringify({ ...good, code: 1 })), 400, 'json_type')
  wants(await post(JSON.stringify({ ...good, name: ['n'] })), 400, 'json_type')
  wants(await post(JSON.stringify({ ...good, extra: true })), 400, 'json_unknown')
  wants(await post(JSON.stringify({ code: 'c' })), 400, 'json_missing')
  wants(await post(JSON.stringify([good])), 400, 'json_type')
  wants(await post('null'), 400, 'json_type')
  wants(await post('""'), 400, 'json_type')
  wants(await post(JSON.stringify({ ...good, sex: 'x' })), 400, 'param_bad')
  wants(await post(JSON.stringify({ ...good, birth_date: '2023-02-29' })), 400, 'param_bad')
  wants(await post(JSON.stringify({ ...good, name: ' '.repeat(201) })), 400, 'param_bad')
})

await test('bodies of another type, or none', async () => {
  wants(await post(JSON.stringify(good), { 'content-type': 'text/plain' }), 415, 'body_type')
  wants(await post(JSON.stringify(good), { 'content-type': 'application/json5' }), 415, 'body_type')
  wants(await post(JSON.stringify(good), {}), 415, 'body_type')
  wants(await post(undefined), 400, 'json_missing')
  wants(await web.request('DELETE', `/api/patients/${id}`, { body: '{}', headers: json }), 400, 'json_unknown')
  equal((await post(JSON.stringify({ ...good, code: 'c1' }), { 'content-type': 'application/json; charset=utf-8' })).status, 201)
})

await test('thresholds that are no thresholds', async () => {
  const put = body => web.request('PUT', `/api/segmentations/${seg}/threshold`, { body, headers: json })
  for (const t of ['-0.001', '1.001', '0.12345', '1e999', '"0.5"', 'true', '[0.5]', 'null', '1e-7']) {
    const r = await put(`{"threshold":${t}}`)
    equal(r.status, 400, t)
  }
  equal((await put('{"threshold":0.125}')).json.segmentation.threshold, 0.125)
})

await test('queries that do not fit', async () => {
  const get = q => web.get(`/api/patients?${q}`)
  wants(await get('x=1'), 400, 'param_unknown')
  wants(await get('limit=0'), 400, 'param_bad')
  wants(await get('limit=201'), 400, 'param_bad')
  wants(await get('limit=1&limit=2'), 400, 'param_twice')
  wants(await get('limit=%31%00'), 400, 'param_bad')
  wants(await get('q=%ff'), 400, 'param_bad')
  wants(await get('after=1'), 400, 'param_bad')
  equal((await get(`q=${encodeURIComponent("';drop table sg.patient;--")}`)).json.items, [])
  equal((await get('q=%25')).json.items, [])
  equal((await get(`after=${'0'.repeat(8)}-0000-4000-8000-000000000000`)).json.items, [])
  wants(await web.get('/api/jobs?since=-1'), 400, 'param_bad')
  wants(await web.get('/api/jobs?since=99999999999999999999999'), 400, 'param_bad')
  equal((await web.get('/api/jobs?since=999999999999999999')).status, 200)
})

await test('addresses that lead nowhere, or out', async () => {
  for (const path of ['/api/', '/api/none', '/api/patients/', `/api/patients/${id}/`, `/api/patients/${id.toUpperCase()}x`, '/api/patients/%2e%2e', '/api/patients/..%2f..%2fetc%2fpasswd', '/api/patients/%00', `/api/patients/${id}%0d%0aX-A:b`, '/api/reports/../me', '/uploads/..', '/blobs/ab/cd/abcd', '/blobs/../segward.conf']) {
    const r = await web.get(path)
    ok(r.status === 404 || r.status === 400 || r.status === 405, `${path}: ${r.status}`)
    ok(!r.text.includes('root:'), path)
  }
})

await test('other methods are 405 and say which fit', async () => {
  const r = await web.request('PUT', '/api/patients')
  wants(r, 405, 'method_not_allowed')
  equal(r.headers.allow, 'GET, POST, HEAD')
  for (const method of ['TRACE', 'PROPFIND', 'X'.repeat(40)]) {
    const s = (await web.request(method, '/api/patients').catch(() => ({ status: 400 }))).status
    ok(s === 405 || s === 400, `${method}: ${s}`)
  }
})

await test('HEAD is GET without the body', async () => {
  const head = await web.request('HEAD', '/api/me')
  const get = await web.get('/api/me')
  equal([head.status, head.body.length], [200, 0])
  equal(head.headers['content-type'], get.headers['content-type'])
})

/** Bytes as they are, over TLS; the status of the first answer, or why there was none. */
function raw(text, { wait = 4000 } = {}) {
  return new Promise(done => {
    const { hostname, port } = new URL(stack.url)
    let got = ''
    const socket = connect({ host: hostname, port: Number(port), ca: stack.ca, ALPNProtocols: ['http/1.1'] }, () => socket.write(text))
    const end = why => {
      socket.destroy()
      done(Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1] ?? 0) || why)
    }
    socket.on('data', d => ((got += d), /\r\n\r\n/.test(got) && end('')))
    socket.on('error', () => end('error'))
    socket.on('close', () => end('closed'))
    setTimeout(() => end('silence'), wait).unref()
  })
}
const host = new URL(stack.url).host

await test('broken HTTP is refused before it reaches a handler', async () => {
  const head = `POST /api/login HTTP/1.1\r\nHost: ${host}\r\n`
  equal(await raw(`${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345`), 400)
  equal(await raw(`${head}Content-Length: -1\r\n\r\n`), 400)
  equal(await raw(`${head}Content-Length: 99999999999999999999999\r\n\r\n`), 400)
  equal(await raw(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`), 400)
  const many = await raw(`GET /api/me HTTP/1.1\r\nHost: ${host}\r\nX: ${'a'.repeat(40000)}\r\n\r\n`)
  ok(many === 400 || many === 431, `huge header: ${many}`)
  equal(await raw('GET /\u0000 HTTP/1.1\r\n\r\n'), 400)
  ok([400, 'closed'].includes(await raw('\u0016\u0003nonsense\r\n\r\n')))
})

await test('a chunked body is a body', async () => {
  const { Agent, request } = await import('node:https')
  const status = await new Promise((done, fail) => {
    const u = new URL(stack.url)
    const req = request({ agent: new Agent({ ca: stack.ca }), host: u.hostname, port: u.port, method: 'POST', path: '/api/login', headers: { 'content-type': 'application/json', origin: u.origin, 'transfer-encoding': 'chunked' } }, res => (res.resume(), done(res.statusCode)))
    req.on('error', fail)
    req.write('{"login":"anna",')
    setTimeout(() => req.end(`"password":${JSON.stringify(world.people.anna.password)}}`), 50)
  })
  equal(status, 200)
})

await test('every route survives every kind of nonsense', async () => {
  const bodies = ['', '{}', '[]', 'null', '{"a":', '"x"', '{"threshold":"x"}', 'x'.repeat(1000), '{"login":"a","password":"b"}']
  for (const route of routeTable().filter(r => !r.roles.includes('host') && !/logout/.test(r.path))) {
    const who = world.web[route.roles.includes('doctor') || route.roles.includes('nobody') ? 'anna' : 'root']
    const path = route.path.replace('{id}', '00000000-0000-4000-8000-000000000000').replace('{name}', 'usage')
    for (const body of bodies)
      for (const type of ['application/json', 'application/offset+octet-stream', 'text/html']) {
        const r = await who.request(route.method, path, { ...(route.method === 'GET' || route.method === 'HEAD' ? {} : { body }), headers: { 'content-type': type, 'tus-resumable': '1.0.0', 'upload-offset': 'x', 'upload-length': 'x', 'if-none-match': '"', 'idempotency-key': '\t' } })
        ok(r.status < 500, `${route.method} ${route.path} ${body.slice(0, 20)}: ${r.status} ${r.text}`)
        if (r.status >= 400 && route.method !== 'HEAD') equal(misanswer({ method: 'GET', path: '/api/patients/{id}' }, { ...r, status: 404 }), '', `${route.method} ${route.path}: a problem`)
      }
  }
})

await test('a client that goes away mid-body leaves no thread behind', async () => {
  for (let i = 0; i < 40; i++) {
    const { hostname, port } = new URL(stack.url)
    const socket = connect({ host: hostname, port: Number(port), ca: stack.ca }, () => {
      socket.write(`POST /api/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"login"`)
      setTimeout(() => socket.destroy(), 20)
    })
    socket.on('error', () => {})
  }
  await sleep(200)
  const begun = Date.now()
  await Promise.all(Array.from({ length: 32 }, () => web.get('/api/me')))
  ok(Date.now() - begun < 3000, 'the others are served')
})

await test('hostile names come back as they are, and only as JSON', async () => {
  for (const name of ['<script>alert(1)</script>', '"; drop --', '\u202egnp.exe', '=1+1', '../../etc', '{{7*7}}', '😀'.repeat(50)]) {
    const r = await web.post('/api/patients', { code: `h${Math.random()}`, name })
    equal([r.status, r.json.name], [201, name])
    equal(r.headers['content-type'], 'application/json')
    equal(r.headers['x-content-type-options'], 'nosniff')
  }
})

await test('no answer was a 500, and the process is the first one still', () => {
  ok(!/"status":500/.test(stack.log('access')), 'a 500 in the access log')
  ok(!/web\.died/.test(stack.log('web')), 'the serving process died')
  ok(!/"level":"error"/.test(stack.log('web')), stack.log('web').split('\n').find(l => /"level":"error"/.test(l)))
})

await finish()
