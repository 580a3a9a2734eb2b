#!/usr/bin/env node
// The process behind the addresses: replaced without an error, restarted when it dies, drained in
// order, never stuck when all of its threads are busy or a peer says nothing.
import { randomBytes } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Client } from '../lib/http.mjs'
import { equal, finish, ok, skip, sleep, test, until } from '../lib/tap.mjs'
import { startWorld } from './world.mjs'

const world = await startWorld({ set: { web_threads: 4 } })
const { stack } = world
const anna = await world.join('anna', 'doctor', 'Radiology')

/** The serving process: the supervisor's child that serves. */
function serving() {
  const leader = stack.pid('web')
  const children = readFileSync(`/proc/${leader}/task/${leader}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number)
  return children[children.length - 1]
}

/** Ask all the time; the statuses seen until stop() is called. */
function load(clients = 8) {
  const seen = new Map()
  let on = true
  const done = Promise.all(
    Array.from({ length: clients }, async () => {
      const web = new Client(stack, { sockets: 1 })
      web.cookies = anna.cookies
      while (on) {
        const status = await web.get('/api/patients?limit=1').then(r => r.status, e => String(e.code ?? e.message))
        seen.set(status, (seen.get(status) ?? 0) + 1)
      }
      web.close()
    })
  )
  return { seen, stop: () => ((on = false), done) }
}

await test('a new program takes over under load without one error', async () => {
  const before = serving()
  const run = load()
  for (let i = 0; i < 5; i++) {
    await sleep(300)
    process.kill(stack.pid('web'), 'SIGHUP')
  }
  await sleep(700)
  await run.stop()
  equal([...run.seen.keys()], [200], JSON.stringify([...run.seen]))
  ok(run.seen.get(200) > 100, 'there was a load')
  ok(serving() !== before, 'another process serves')
  await until(() => readFileSync(`/proc/${stack.pid('web')}/task/${stack.pid('web')}/children`, 'utf8').trim().split(/\s+/).length === 1, 25, 'the end of the old ones')
})

await test('a serving process that is killed is replaced at once', async () => {
  const run = load(4)
  await sleep(300)
  const before = serving()
  process.kill(before, 'SIGKILL')
  await until(() => serving() && serving() !== before, 5, 'a new process')
  await sleep(500)
  run.seen.clear()
  await sleep(500)
  await run.stop()
  equal([...run.seen.keys()], [200])
  ok(/"event":"web.died"/.test(stack.log('web')), 'the log tells')
})

await test('all threads busy: others wait or are told 503, and nobody hangs', async () => {
  const holder = (async () => {
    const { spawn } = await import('node:child_process')
    const port = /port=(\d+)/.exec(readFileSync(join(stack.dir, 'segward.conf'), 'utf8'))[1]
    const bin = readdirSync('/usr/lib/postgresql').map(Number).sort((a, b) => b - a)[0]
    const psql = spawn(`/usr/lib/postgresql/${bin}/bin/psql`, ['-Xq', '-h', join(stack.dir, 'run/db'), '-p', port, '-U', 'postgres', '-d', 'segward'], { stdio: ['pipe', 'ignore', 'inherit'] })
    psql.stdin.end('begin; lock table sg.patient in access exclusive mode; select pg_sleep(3); rollback;')
    return new Promise(done => psql.on('exit', done))
  })()
  await sleep(400)
  const crowd = new Client(stack, { sockets: 220 })
  crowd.cookies = anna.cookies
  const begun = performance.now()
  const answers = await Promise.all(Array.from({ length: 220 }, () => crowd.get('/api/patients?limit=1', { timeout: 30000 })))
  const longest = Math.max(...answers.map(r => r.ms))
  const count = status => answers.filter(r => r.status === status).length
  console.log(`# ${count(200)} answered, ${count(503)} told to come back, the longest after ${(longest / 1000).toFixed(1)} s`)
  equal(count(200) + count(503), 220)
  ok(count(503) > 0, 'the queue has an end')
  ok(answers.filter(r => r.status === 503).every(r => r.json.code === 'unavailable' && r.ms < 3000), 'told at once')
  ok(performance.now() - begun < 15000, 'nobody hangs')
  await holder
  equal((await anna.get('/api/patients?limit=1')).status, 200)
  crowd.close()
})

await test('silent and nonsense peers on the socket hold no thread and kill nothing', async () => {
  const path = join(stack.dir, 'run/web/web.sock')
  const before = serving()
  const silent = Array.from({ length: 12 }, () => connect(path).on('error', () => {}))
  for (let i = 0; i < 50; i++) {
    const s = connect(path).on('error', () => {})
    s.end(Buffer.concat([Buffer.from([1, i % 12, 0, 1, 0, 8, 0, 0]), randomBytes(i * 7)]))
  }
  const begun = performance.now()
  await until(async () => (await anna.get('/api/me').catch(() => ({ status: 0 }))).status === 200, 15, 'an answer')
  console.log(`# served again after ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  for (const s of silent) s.destroy()
  if (serving() !== before) console.log('# the process was restarted once')
  equal((await anna.get('/api/me')).status, 200)
})

await test('memory and descriptors stay where they are over 5,000 requests', async () => {
  if (/libasan/.test(readFileSync(`/proc/${serving()}/maps`, 'utf8'))) skip('a sanitizer keeps freed memory for a while')
  const fds = () => readdirSync(`/proc/${serving()}/fd`).length
  const ask = async n => {
    for (let i = 0; i < n; i += 50)
      await Promise.all(Array.from({ length: 50 }, (_, k) => anna.get(k % 2 ? '/api/jobs?since=0' : `/api/patients?q=x${i}`)))
  }
  await ask(1000)
  const [rss, open] = [stack.rss('web'), fds()]
  await ask(5000)
  const grown = stack.rss('web') - rss
  console.log(`# ${(stack.rss('web') / 1e6).toFixed(1)} MB, grown by ${(grown / 1e3).toFixed(0)} kB`)
  ok(grown < 2_000_000, `memory grew by ${grown} bytes`)
  ok(fds() <= open + 4, `descriptors: ${open} then ${fds()}`)
})

await test('SIGTERM ends it in order, with the requests under way answered', async () => {
  const run = load(4)
  await sleep(200)
  await stack.stopOne('web')
  const during = new Map(run.seen)
  await run.stop()
  ok([...during.keys()].every(s => s === 200 || s === 503), JSON.stringify([...during]))
  ok(/"event":"web.drain"/.test(stack.log('web')))
  await stack.start('web')
  equal((await anna.get('/api/me')).status, 200)
})

await finish()
