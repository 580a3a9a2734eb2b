#!/usr/bin/env node
// Blobs for workers on other hosts: only on the mutual-TLS listener, only with a certificate, and
// only bytes that are what their name says. And nothing else is served there.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { equal, finish, ok, test, until } from '../lib/tap.mjs'
import { routeTable, sha256, startWorld } from './world.mjs'

const world = await startWorld({ remote: '127.0.0.1' })
const { stack } = world
const out = join(stack.dir, 'far')
await stack.deploy('remote-worker', 'far', out)
const base = new URL(/store_url = (\S+)/.exec(readFileSync(join(out, 'worker.conf'), 'utf8'))[1])
const ca = readFileSync(join(out, 'ca.crt'))
const own = new Agent({ ca, cert: readFileSync(join(out, 'worker.crt')), key: readFileSync(join(out, 'worker.key')) })
const bare = new Agent({ ca })

function ask(method, path, body, agent = own) {
  return new Promise((done, fail) => {
    const headers = body === undefined ? {} : { 'content-length': String(body.length) }
    const req = request({ agent, host: base.hostname, port: base.port, method, path, headers, servername: '' }, res => {
      const parts = []
      res.on('data', p => parts.push(p))
      res.on('end', () => done({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts) }))
    })
    req.on('error', fail)
    req.end(body)
  })
}
const at = bytes => `${base.pathname}/${sha256(bytes)}`
const file = bytes => join(stack.dir, 'store', sha256(bytes).slice(0, 2), sha256(bytes).slice(2, 4), sha256(bytes))
const big = randomBytes(5_000_000)

await test('a blob goes in and comes out the same', async () => {
  equal((await ask('HEAD', at(big))).status, 404)
  equal((await ask('GET', at(big))).status, 404)
  equal((await ask('PUT', at(big), big)).status, 204)
  ok(readFileSync(file(big)).equals(big))
  const head = await ask('HEAD', at(big))
  equal([head.status, head.headers['content-length'], head.body.length], [200, String(big.length), 0])
  const got = await ask('GET', at(big))
  equal([got.status, got.headers['content-type']], [200, 'application/octet-stream'])
  ok(got.body.equals(big))
  equal((await ask('PUT', at(big), big)).status, 204, 'twice is harmless')
  const none = Buffer.alloc(0)
  equal((await ask('PUT', at(none), none)).status, 204, 'an empty one, too')
  equal((await ask('GET', at(none))).body.length, 0)
})

await test('bytes under a wrong name are refused and leave nothing', async () => {
  const other = randomBytes(1000)
  const r = await ask('PUT', at(randomBytes(10)), other)
  equal([r.status, JSON.parse(r.body).code], [400, 'blob_hash'])
  ok(!existsSync(file(other)))
  await until(() => readdirSync(join(stack.dir, 'body'), { withFileTypes: true }).every(e => !e.isFile()), 5, 'an empty body folder')
})

await test('names that are no hashes are nothing', async () => {
  for (const name of ['', 'x', '..', '../../secrets', sha256('x').toUpperCase(), sha256('x') + '0', `${sha256('x')}/..`, '%2e%2e'])
    ok([400, 404].includes((await ask('GET', `${base.pathname}/${name}`)).status), name)
})

await test('without a certificate nothing is told', async () => {
  for (const method of ['GET', 'PUT', 'HEAD']) {
    const r = await ask(method, at(big), method === 'PUT' ? big : undefined, bare).catch(e => ({ status: 400, body: '' }))
    equal(r.status, 400, method)
  }
})

await test('the portal’s addresses do not exist there', async () => {
  for (const route of routeTable().filter(r => !r.roles.includes('host'))) {
    const path = route.path.replace('{id}', '00000000-0000-4000-8000-000000000000').replace('{name}', 'usage')
    equal((await ask(route.method, path)).status, 404, `${route.method} ${path}`)
  }
})

own.destroy()
bare.destroy()
await finish()
