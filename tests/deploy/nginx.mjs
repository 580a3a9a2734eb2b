import { connect } from 'node:tls'
import { request } from 'node:http'
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client, expect } from '../lib/http.mjs'
import { startStack } from '../lib/stack.mjs'
import { equal, finish, ok, sleep, test, until } from '../lib/tap.mjs'

const stack = await startStack({ services: ['postgres', 'redis', 'nginx', 'web'], loginRate: 10 })
const web = new Client(stack)
const { hostname, port } = new URL(stack.url)
mkdirSync(join(stack.dir, 'www/assets'), { recursive: true })
writeFileSync(join(stack.dir, 'www/index.html'), '<!doctype html><title>page</title>', { mode: 0o644 })
writeFileSync(join(stack.dir, 'www/assets/x-123.js'), 'export {}', { mode: 0o644 })

/** Bytes over TLS; what comes back until the other side closes or `ms` have passed. */
function raw(parts, { ms = 3000, pause = 0 } = {}) {
  return new Promise((resolve, reject) => {
    let text = ''
    const begun = Date.now()
    const socket = connect({ host: hostname, port: Number(port), ca: stack.ca })
    const end = () => {
      socket.destroy()
      resolve({ text, ms: Date.now() - begun })
    }
    const timer = setTimeout(end, ms)
    socket.on('data', d => (text += d))
    socket.on('error', e => (socket.secureConnecting ? reject(e) : end()))
    socket.on('close', () => (clearTimeout(timer), end()))
    socket.on('secureConnect', async () => {
      for (const part of parts) {
        if (socket.destroyed) return
        socket.write(part)
        if (pause) await sleep(pause)
      }
    })
  })
}
const code = text => /"code":"([a-z_]+)"/.exec(text)?.[1]
const status = text => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])

await test('every page has the headers that keep foreign code out', async () => {
  for (const path of ['/', '/assets/x-123.js', '/any/page/of/the/app', '/page?next=%2fresult']) {
    const { headers } = expect(await web.get(path), 200)
    const csp = String(headers['content-security-policy'])
    ok(csp.startsWith("default-src 'none';"), csp)
    ok(/script-src 'self';/.test(csp) && /frame-ancestors 'none'/.test(csp) && /base-uri 'none'/.test(csp), csp)
    ok(!/unsafe|\*|https?:|data:|blob:/.test(csp), csp)
    equal(headers['x-content-type-options'], 'nosniff')
    equal(headers['x-frame-options'], 'DENY')
    equal(headers['referrer-policy'], 'no-referrer')
    equal(headers['cross-origin-opener-policy'], 'same-origin')
    ok(/max-age=\d{8}/.test(String(headers['strict-transport-security'])))
    equal(headers.server, 'nginx')
  }
})

await test('assets are kept for ever, pages asked for each time, data never kept', async () => {
  ok(/immutable/.test(String((await web.get('/assets/x-123.js')).headers['cache-control'])))
  equal((await web.get('/')).headers['cache-control'], 'no-cache')
  equal((await web.get('/healthz')).headers['cache-control'], 'no-store')
  equal((await web.get('/api/models')).headers['cache-control'], 'no-store')
  expect(await web.get('/assets/absent.js'), 404, 'not_found')
})

await test('data answers can never be a document', async () => {
  for (const path of ['/api/models', '/healthz', '/api/none', '/blobs/aa/bb', '/internal/blobs/00']) {
    const r = await web.get(path)
    ok(/default-src 'none'/.test(String(r.headers['content-security-policy'])) && /sandbox/.test(String(r.headers['content-security-policy'])), path)
    equal(r.headers['x-content-type-options'], 'nosniff')
    ok(/^application\/(problem\+)?json/.test(String(r.headers['content-type'])), `${path} ${r.headers['content-type']}`)
  }
})

await test('blobs and the internal listener do not exist for browsers', async () => {
  for (const path of ['/blobs/', '/blobs/aa/bb/cc', '/internal', '/internal/blobs/00', '/-/problem/404']) expect(await web.get(path), 404, 'not_found')
})

await test('no way leads out of /api/ to a page', async () => {
  for (const path of ['/api/patients/..%2f..%2fx', '/api/%2e%2e/x', '/api/../x', '/x/..%5cy', '/assets/../index.html'])
    ok([400, 404].includes((await web.get(path)).status), path)
})

await test('pages are only read', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) expect(await web.request(method, '/'), 405, 'method_not_allowed')
  const trace = await raw([`TRACE / HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`])
  equal(status(trace.text), 405)
})

await test('requests too large or too long are named problems', async () => {
  expect(await web.get('/?' + 'a'.repeat(9000)), 414, 'uri_too_long')
  expect(await web.get('/', { headers: { a: 'b'.repeat(9000) } }), 431, 'headers_too_large')
  const many = Object.fromEntries([...Array(40)].map((_, i) => [`x-${i}`, 'y'.repeat(1000)]))
  expect(await web.get('/api/models', { headers: many }), 431, 'headers_too_large')
  expect(await web.request('POST', '/api/login', { body: Buffer.alloc(100 << 10) }), 413, 'too_large')
  const head = `PATCH /uploads/x HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: ${(64 << 20) + 1}\r\n\r\n`
  equal(code((await raw([head])).text), 'too_large')
})

await test('broken requests are 400, never 500', async () => {
  const host = `Host: ${hostname}:${port}\r\n`
  for (const text of [
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\n${host}${host}\r\n`,
    `POST /api/login HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    `POST /api/login HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST /api/login HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`,
    `GET /%00 HTTP/1.1\r\n${host}\r\n`,
    `GET /../../etc/passwd HTTP/1.1\r\n${host}\r\n`,
    `GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n${host}\r\n`,
    'GARBAGE\r\n\r\n',
    '\x16\x03\x01\x00\r\n\r\n'
  ]) {
    const answer = await raw([text])
    equal(status(answer.text), 400, JSON.stringify(text.slice(0, 60)))
    ok(!/root:/.test(answer.text))
  }
})

await test('plain http and other names are led to the one address', async () => {
  const http = /HTTP_PORT="(\d+)"/.exec(readFileSync(join(stack.dir, 'stack.conf'), 'utf8'))[1]
  const location = (onPort, headers) =>
    new Promise((resolve, reject) =>
      request({ host: hostname, port: onPort, path: '/a?b', headers }, r => (r.resume(), resolve([r.statusCode, r.headers.location]))).on('error', reject).end()
    )
  equal(await location(http, {}), [308, `${stack.url}/a?b`])
  equal(await location(http, { host: 'evil.example' }), [308, `${stack.url}/a?b`])
  equal(await location(port, {}), [308, `${stack.url}/a?b`])
  const other = (await raw(['GET /api/models HTTP/1.1\r\nHost: evil.example\r\n\r\n'], { ms: 500 })).text
  equal([status(other), /^Location: (\S+)/m.exec(other)?.[1]], [308, `${stack.url}/api/models`])
})

await test('a client that sends its headers drop by drop is cut off', async () => {
  const drops = [`GET / HTTP/1.1\r\nHost: ${hostname}\r\n`, ...Array(30).fill('x: y\r\n')]
  const answer = await raw(drops, { pause: 600, ms: 20000 })
  ok(answer.ms < 16000, `it was held for ${answer.ms} ms`)
  expect(await web.get('/healthz'), 200)
})

await test('guesses from one address are slowed down, then refused; others go on', async () => {
  let guessing = true
  const seen = []
  const busy = (async () => {
    while (guessing) seen.push(await web.get('/api/departments'))
  })()
  const wrong = await Promise.all([...Array(120)].map(() => new Client(stack, { sockets: 1 }).post('/api/login', { login: 'nobody', password: 'wrong-password' })))
  guessing = false
  await busy
  const refused = wrong.filter(r => r.status === 429)
  ok(refused.length >= 60, `${refused.length} of 120 refused`)
  for (const r of refused) if (r.json.code === 'too_many_requests') equal(r.headers['retry-after'], '2')
  ok(refused.some(r => r.json.code === 'too_many_requests'))
  // 503: more hashes were asked for than are made at a time
  ok(wrong.every(r => [401, 429, 503].includes(r.status)), [...new Set(wrong.map(r => r.status))].join(' '))
  ok(seen.length > 20 && seen.every(r => r.status === 200), `${seen.length} others, ${seen.filter(r => r.status !== 200).length} refused`)
  ok(seen.every(r => r.ms < 1000), `${Math.max(...seen.map(r => r.ms))} ms at the most`)
})

await test('while segward-web is away: 503 with a time to come back, then it answers again', async () => {
  await stack.kill('web', 'SIGTERM')
  const away = expect(await web.get('/api/models'), 503, 'unavailable')
  equal(away.headers['retry-after'], '2')
  await stack.start('web')
  await until(async () => (await web.get('/healthz')).status === 200)
})

await test('logs hold the path but never the query', async () => {
  expect(await web.get('/api/patients?q=Canary-Miller'), 401)
  await stack.kill('web', 'SIGTERM')
  expect(await web.get('/api/patients?q=Canary-Miller'), 503)
  await stack.start('web')
  await until(() => /"path":"\/api\/patients"/.test(stack.log('access')), 5)
  for (const name of ['access', 'nginx', 'nginx-error', 'web', 'postgres', 'redis']) ok(!/Canary/.test(stack.log(name)), name)
})

await finish()
