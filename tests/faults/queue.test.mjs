#!/usr/bin/env node
// tests/run: timeout 240
// tests/run: alone
// The queue under fire: 200 jobs of six people, two workers on this host and a third in a network
// namespace of its own that knows the portal only by TLS; workers killed in the middle of jobs,
// Redis emptied and restarted, PostgreSQL stopped at once and started, connections cut, a cable
// pulled. Afterwards every promise of doc/jobs.md must be kept: nothing lost, nothing doubled.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd, equal, finish, ok, skip, sleep, test, until } from '../lib/tap.mjs'
import { startStack } from '../lib/stack.mjs'
import { checkBlobs, drained, enqueue, holds, image, ingestJob, jobIs, model, network, people, ready, segmentJob, states, violations } from './lib.mjs'

const JOBS = 200
const CAP = 4
const net = { name: `sgf${process.pid}`, here: '', there: '' }

/** A namespace with one cable to this one; '' or why there is none. */
function namespace() {
  const n = process.pid % 250
  net.here = `10.213.${n}.1`
  net.there = `10.213.${n}.2`
  const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    ip('netns', 'add', net.name)
    atEnd(() => ip('netns', 'del', net.name))
    ip('link', 'add', `${net.name}a`, 'type', 'veth', 'peer', 'name', `${net.name}b`, 'netns', net.name)
    ip('addr', 'add', `${net.here}/30`, 'dev', `${net.name}a`)
    ip('link', 'set', `${net.name}a`, 'up')
    ip('-n', net.name, 'addr', 'add', `${net.there}/30`, 'dev', `${net.name}b`)
    ip('-n', net.name, 'link', 'set', `${net.name}b`, 'up')
    return ''
  } catch (e) {
    return String(e.stderr || e.message).trim()
  }
}

const noNamespace = namespace()
const stack = await startStack({
  services: noNamespace ? ['postgres', 'redis', 'worker'] : undefined,
  workers: 2,
  remote: noNamespace ? undefined : net.here,
  set: { lease_s: 6, worker_slots: 2, worker_threads: 1, job_cap: CAP, log_level: 'debug' }
})
people(stack)
const quick = model(stack, 'quick', network(2, 8))
const slow = model(stack, 'slow', network(6, 32))

/** @type {import('node:child_process').ChildProcess | null} */
let remote = null
const home = mkdtempSync(join(tmpdir(), 'segward-remote-'))
const remoteLog = join(home, 'log')
atEnd(() => process.env.SG_KEEP ? console.log(`# kept ${home}`) : rmSync(home, { recursive: true, force: true }))
atEnd(() => stopRemote())

function stopRemote() {
  if (!remote?.pid) return
  try {
    process.kill(-remote.pid, 'SIGKILL')
  } catch {
    // it has ended
  }
}

/** The third worker: no shared folder, no unix socket; those it could reach are hidden from it. */
function startRemote() {
  const out = openSync(remoteLog, 'a')
  const hide = ['store', 'uploads', 'run'].map(d => `mount -t tmpfs none "$(readlink -f ${stack.dir}/${d})"`).join(' && ')
  const drop = 'exec setpriv --reuid=segward-worker --regid=segward --clear-groups --no-new-privs'
  remote = spawn('ip', ['netns', 'exec', net.name, 'sh', '-c', `${hide} && ${drop} ${stack.dir}/bin/segward-worker --config ${home}/conf/worker.conf`], {
    detached: true,
    stdio: ['ignore', out, out]
  })
}

let scans
const done = () => Number(stack.psql("select count(*) from sg.job where state = 'succeeded'"))
let before = 0
const reached = n => until(() => done() - before >= n, 60, `${n} jobs done`)

await test('a third worker joins over TLS from its own network namespace', async () => {
  if (noNamespace) skip(`no network namespaces here: ${noNamespace}`)
  execFileSync('chmod', ['711', home])
  await stack.deploy('remote-worker', 'far', join(home, 'conf'))
  execFileSync('sh', ['-c', `printf 'lease_s = 6\\nworker_slots = 2\\nworker_threads = 1\\njob_cap = ${CAP}\\n' >> ${home}/conf/worker.conf`])
  startRemote()
  await until(() => stack.psql("select count(*) from sg.worker where name = 'worker-far'") === '1', 20, 'the far worker')
})

await test('images become scans', async () => {
  scans = await ready(stack, quick, [640, 640, 256, 256, 200, 160])
  equal(scans.length, 6)
})
if (!scans) await finish()

await test('200 jobs go in', async () => {
  before = done()
  const jobs = []
  for (let i = 0; i < JOBS; i++) {
    const account = 1 + (i % 6)
    if (i % 2) jobs.push(ingestJob(stack, image(160 + (i % 5) * 40, i), account))
    else if (i % 8 === 0) jobs.push(segmentJob(stack, scans[i % 2], slow, account, 300 + i))
    else jobs.push(segmentJob(stack, scans[2 + (i % 4)], quick, account, 300 + i))
  }
  const ids = await enqueue(stack, jobs, { ring: false })
  // so many faults may hit one job three times: tries are not what is counted here
  stack.psql('update sg.job set max_attempts = 20 where finished_at is null')
  await stack.redis('rpush', 'sg:jobs:cpu', ...ids.map(String))
  equal(new Set(ids).size, JOBS)
})

await test('workers are killed in the middle of jobs', async () => {
  for (const [n, name] of [[15, 'worker-1'], [40, 'worker-2']]) {
    await reached(n)
    await holds(stack, name)
    await stack.kill(name, 'SIGKILL')
    await stack.start(name)
  }
})

await test('Redis is emptied, then killed and started', async () => {
  await reached(60)
  await stack.redis('flushall')
  await reached(75)
  await stack.kill('redis', 'SIGKILL')
  await reached(85)
  await stack.start('redis')
})

await test('PostgreSQL is stopped at once and started', async () => {
  await reached(100)
  await stack.stopOne('postgres', { now: true })
  await stack.start('postgres')
})

await test('the far worker is killed in the middle of a job', async () => {
  if (noNamespace) skip('there is none')
  await reached(105)
  await holds(stack, 'worker-far', 40)
  stopRemote()
  await until(() => remote?.exitCode !== null || remote?.signalCode !== null, 10, 'its end')
  startRemote()
})

await test('the cable of the far worker is pulled for longer than a lease', async () => {
  if (noNamespace) skip('there is none')
  await holds(stack, 'worker-far', 40)
  execFileSync('ip', ['link', 'set', `${net.name}a`, 'down'])
  await sleep(8000)
  execFileSync('ip', ['link', 'set', `${net.name}a`, 'up'])
})

await test('connections are cut, again and again', async () => {
  await reached(120)
  let cut = 0
  for (let n = 0; n < 12; n++) {
    cut += Number(stack.psql("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'sg_worker'"))
    await sleep(100 + n * 20)
  }
  ok(cut > 20, `connections cut: ${cut}`)
})

await test('all jobs end', async () => {
  await drained(stack, 120)
  equal(done() - before, JOBS, states(stack))
})

await test('nothing lost, nothing doubled', async () => {
  equal(violations(stack, true, CAP), '')
  equal(stack.psql("select count(*) from sg.scan where state = 'ready'"), String(6 + JOBS / 2))
  equal(stack.psql('select count(*) from sg.segmentation'), String(JOBS / 2))
  ok(checkBlobs(stack) > JOBS / 2, 'files of results')
})

await test('it was rough, and everybody took part', async () => {
  const swept = Number(stack.psql("select count(*) from sg.job_event where kind = 'swept'"))
  ok(swept >= 2, `jobs of killed workers were freed: ${swept}`)
  const names = stack.psql("select distinct split_part(worker, '/', 1) from sg.job_event where kind = 'succeeded' order by 1").split('\n')
  equal(names, noNamespace ? ['worker-1', 'worker-2'] : ['worker-1', 'worker-2', 'worker-far'])
  console.log(`# freed leases ${swept}, ${stack.psql("select string_agg(w || ' ' || n, ', ') from (select split_part(worker, '/', 1) w, count(*) n from sg.job_event where kind = 'succeeded' group by 1 order by 1) x")}`)
})

await test('audit events are sealed', async () => {
  await until(() => stack.psql('select count(*) from sg.audit_pending') === '0', 15, 'sealing')
  ok(Number(stack.psql('select count(*) from sg.audit_seal')) >= JOBS, 'an event for each end of a job')
})

await test('the far worker read and wrote blobs through the store of the other host', () => {
  if (noNamespace) skip('there is none')
  ok(readFileSync(remoteLog, 'utf8').includes('"job.end"'), 'its log tells of jobs')
})

await finish()
