// Job polls with session check against nginx's own static answer, and a 1 GiB resumable upload
// against a plain nginx upload to disk; interleaved, so that both see the same machine.

import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Client, expect } from '../lib/http.mjs'
import { startStack } from '../lib/stack.mjs'
import { atEnd, finish, test, until } from '../lib/tap.mjs'
import { quantile, table, wrk } from './bench.mjs'

const rounds = 3
const gib = 1 << 30
const chunk = 64 << 20

const stack = await startStack({ services: ['postgres', 'redis', 'nginx', 'web'] })
const { doctor } = await stack.people()
const web = new Client(stack)
expect(await web.login(doctor.login, doctor.password), 200)
const rows = []

await test('polls', async () => {
  const cookie = [...web.cookies].map(([k, v]) => `${k}=${v}`).join('; ')
  const jobs = expect(await web.get('/api/jobs'), 200)
  const etag = String(jobs.headers.etag ?? `"r${jobs.json.revision}"`)
  writeFileSync(join(stack.dir, 'www/bench.json'), jobs.text, { mode: 0o644 })
  const forms = {
    static: { path: '/bench.json', headers: [] },
    poll: { path: `/api/jobs?since=${jobs.json.revision}`, headers: [`Cookie: ${cookie}`] },
    poll304: { path: `/api/jobs?since=${jobs.json.revision}`, headers: [`Cookie: ${cookie}`, `If-None-Match: ${etag}`] }
  }
  /** @type {Record<string, Awaited<ReturnType<typeof wrk>>[]>} */
  const seen = { static: [], poll: [], poll304: [] }
  for (let i = 0; i < rounds; i++)
    for (const [name, { path, headers }] of Object.entries(forms)) seen[name].push(await wrk(stack.url + path, { headers }))
  const mid = (name, what) => quantile(seen[name].map(r => r[what]))
  const errors = [...seen.poll, ...seen.poll304].reduce((sum, r) => sum + r.errors, 0)
  const ratio = mid('static', 'perSecond') / mid('poll', 'perSecond')
  rows.push(
    { name: 'static answers by nginx', value: mid('static', 'perSecond'), unit: '/s' },
    { name: 'job polls with session check', value: mid('poll', 'perSecond'), unit: '/s' },
    { name: 'job polls answered 304', value: mid('poll304', 'perSecond'), unit: '/s' },
    { name: 'static / poll', value: ratio, unit: 'times', aim: '<= 16', met: ratio <= 16 },
    { name: 'poll p50 at 32 connections', value: mid('poll', 'p50'), unit: 'ms' },
    { name: 'poll p99 at 32 connections', value: mid('poll', 'p99'), unit: 'ms', aim: '< 25', met: mid('poll', 'p99') < 25 },
    { name: 'poll errors', value: errors, unit: 'requests', aim: '0', met: errors === 0 }
  )
})

/** A second nginx that only writes what is PUT to it, with the same TLS and the same file system. */
async function plain() {
  const dir = join(stack.dir, 'plain')
  mkdirSync(join(dir, 'files'), { recursive: true, mode: 0o777 })
  execFileSync('chmod', ['-R', '0777', dir])
  const port = await new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
      probe.close(() => resolve(port))
    })
  })
  writeFileSync(
    join(dir, 'nginx.conf'),
    `daemon off; user segward-web segward; worker_processes 2; pid ${dir}/pid; error_log ${dir}/error.log;
events {}
http {
  access_log off; client_body_temp_path ${dir}/body; client_max_body_size 0; client_body_buffer_size 1m;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${stack.dir}/tls/portal.crt; ssl_certificate_key ${stack.dir}/tls/portal.key;
    location / { root ${dir}/files; dav_methods PUT DELETE; }
  }
}`
  )
  const nginx = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], { stdio: 'ignore' })
  atEnd(() => nginx.kill())
  const client = new Client({ url: `https://127.0.0.1:${port}`, ca: stack.ca })
  await until(() => client.get('/').then(() => true, () => false))
  return client
}

await test('upload of 1 GiB', async () => {
  const to = await plain()
  const body = randomBytes(chunk)
  const first = Buffer.from(body)
  Buffer.from('89504e470d0a1a0a', 'hex').copy(first)
  const sum = part => createHash('sha256').update(part).digest('base64')
  const sums = { first: sum(first), rest: sum(body) }

  async function byNginx() {
    const begun = performance.now()
    for (let at = 0; at < gib; at += chunk)
      expect(await to.request('PUT', `/part-${at}`, { body: at === 0 ? first : body }), 201)
    const took = performance.now() - begun
    for (let at = 0; at < gib; at += chunk) await to.delete(`/part-${at}`)
    return took
  }

  async function byTus() {
    const begun = performance.now()
    const head = { 'tus-resumable': '1.0.0' }
    const made = expect(await web.request('POST', '/uploads', {
      headers: { ...head, 'upload-length': String(gib), 'upload-metadata': `filename ${Buffer.from('big.png').toString('base64')}` }
    }), 201)
    const path = new URL(String(made.headers.location), stack.url).pathname
    for (let at = 0; at < gib; at += chunk)
      expect(await web.request('PATCH', path, {
        body: at === 0 ? first : body,
        headers: {
          ...head,
          'content-type': 'application/offset+octet-stream',
          'upload-offset': String(at),
          'upload-checksum': `sha256 ${at === 0 ? sums.first : sums.rest}`
        }
      }), 204)
    const took = performance.now() - begun
    await web.request('DELETE', path, { headers: head })
    return took
  }

  let rss = 0
  const watch = setInterval(() => (rss = Math.max(rss, stack.rss('web'))), 50)
  const seen = { nginx: [], tus: [] }
  try {
    for (let i = 0; i < rounds; i++) {
      seen.nginx.push(await byNginx())
      seen.tus.push(await byTus())
    }
  } finally {
    clearInterval(watch)
  }
  const ratio = quantile(seen.tus) / quantile(seen.nginx)
  rows.push(
    { name: '1 GiB to plain nginx', value: quantile(seen.nginx) / 1000, unit: 's' },
    { name: '1 GiB to Segward, checked by SHA-256', value: quantile(seen.tus) / 1000, unit: 's' },
    { name: 'Segward / plain', value: ratio, unit: 'times', aim: '<= 1.5', met: ratio <= 1.5 },
    { name: 'segward-web resident meanwhile', value: rss / (1 << 20), unit: 'MiB', aim: '< 30', met: rss < 30 * (1 << 20) }
  )
})

table(rows)
await finish()
