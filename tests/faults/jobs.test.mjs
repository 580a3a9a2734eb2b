#!/usr/bin/env node
// tests/run: timeout 180
// What becomes of single jobs when something goes wrong: stops, cancels, crashes, poison, damaged
// files; and what the janitor takes away.
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd, equal, finish, ok, sleep, test, until } from '../lib/tap.mjs'
import { startStack } from '../lib/stack.mjs'
import { blob, blobFile, enqueue, events, image, ingestJob, jobIs, jobTo, model, network, people, ready, scan, segmentJob, violations } from './lib.mjs'

const lease = 3
const stack = await startStack({
  services: ['postgres', 'redis', 'worker'],
  workers: 1,
  set: { lease_s: lease, worker_slots: 1, worker_threads: 1, log_level: 'debug' }
})
people(stack)
const quick = model(stack, 'quick', network(2, 8))
const slow = model(stack, 'slow', network(8, 32)) // seconds on a large image
const big = 1100

/** What setpriv needs to run the worker as deploy/stack does. */
const asWorker = ['--reuid=segward-worker', '--regid=segward', '--clear-groups', '--no-new-privs', join(stack.dir, 'bin/segward-worker'), '--config', join(stack.dir, 'conf/worker-1.conf')]

let large, small

/** A slow job, and the moment in which the worker runs it. */
async function running(account = 1) {
  const [id] = await enqueue(stack, [segmentJob(stack, large, slow, account)])
  await until(() => jobIs(stack, id) === 'running', 20, 'running')
  return id
}

await test('images become scans, with their geometry, report and pictures', async () => {
  const scans = await ready(stack, quick, [big, 200])
  ;[large, small] = scans
  equal(
    stack.psql(`select kind, width, height, depth, phases, channels, spacing_mm is null, report -> 0 ->> 'file',
      report -> 0 ->> 'verdict', image_sha is not null, thumbnail_sha is not null from sg.scan where id = ${small}`),
    '2d|200|200|1|1|1|t|image.png|ok|t|t'
  )
})

await test('a segment job stores probabilities, mask, labels and what it was made with', async () => {
  const [id] = await enqueue(stack, [segmentJob(stack, small, quick, 1, 250)])
  await jobTo(stack, id, 'succeeded')
  const row = stack.psql(`select threshold, mask_threshold, labels -> 0 ->> 'name', (labels -> 0 ->> 'voxels')::int > 0,
      labels -> 0 -> 'area_mm2', (select sum(h) from unnest(histogram) h), precision, device
    from sg.segmentation where job_id = ${id}`)
  equal(row, '0.25|0.25|disc|t|null|40000|f32|cpu')
  const prob = readFileSync(blobFile(stack, stack.psql(`select encode(probability_sha, 'hex') from sg.segmentation where job_id = ${id}`)))
  equal(prob.length, 40000)
  equal(
    stack.psql(`select count(*) from sg.result where job_id = ${id} and software like 'segward %' and encode(model_sha, 'hex') = '${quick.hex}'`),
    '1'
  )
})

await test('an export makes the mask at a saved threshold, and a late one changes nothing', async () => {
  const seg = Number(stack.psql('select max(id) from sg.segmentation'))
  stack.psql(`update sg.segmentation set threshold = 0.7 where id = ${seg}`)
  const job = milli => ({ kind: 'export', scan: small, segmentation: seg, version: quick.id, params: { what: 'mask', threshold_milli: milli } })
  const [id] = await enqueue(stack, [job(700)])
  await jobTo(stack, id, 'succeeded')
  equal(stack.psql(`select mask_threshold from sg.segmentation where id = ${seg}`), '0.7')
  const voxels = stack.psql(`select labels -> 0 ->> 'voxels' from sg.segmentation where id = ${seg}`)
  const q = readFileSync(blobFile(stack, stack.psql(`select encode(probability_sha, 'hex') from sg.segmentation where id = ${seg}`)))
  equal(Number(voxels), q.filter(v => v >= Math.floor((700 * 255 + 999) / 1000)).length)
  const [late] = await enqueue(stack, [job(600)])
  await jobTo(stack, late, 'succeeded')
  equal(stack.psql(`select mask_threshold from sg.segmentation where id = ${seg}`), '0.7')
})

await test('a file that is no image fails its job with a code, and the scan is refused with a line', async () => {
  const hex = blob(stack, Buffer.from('this is not a picture, whatever its name says'), 'png')
  const [id] = await enqueue(stack, [{ kind: 'ingest', scan: scan(stack, hex), input: hex }])
  await jobTo(stack, id, 'failed')
  equal(jobIs(stack, id, 'error_code'), 'bad_type')
  equal(
    stack.psql(`select s.state, report -> 0 ->> 'verdict', report -> 0 ->> 'code' from sg.scan s join sg.job j on j.scan_id = s.id where j.id = ${id}`),
    'refused|refused|bad_type'
  )
})

await test('a running job is cancelled within 10 s and leaves no result', async () => {
  const id = await running()
  const began = Date.now()
  stack.psql(`select set_config('sg.account', '1', false) \\g /dev/null
    select sg.cancel(public_id) from sg.job where id = ${id}`)
  await jobTo(stack, id, 'cancelled', 10)
  console.log(`# cancelled after ${Date.now() - began} ms`)
  equal(violations(stack), '')
})

await test('a stop finishes the running job', async () => {
  const id = await running()
  const [waiting] = await enqueue(stack, [segmentJob(stack, small, quick, 2)])
  await stack.kill('worker-1', 'SIGTERM')
  equal(jobIs(stack, id), 'succeeded')
  equal(jobIs(stack, waiting), 'queued', 'nothing more was claimed')
  await stack.start('worker-1')
  await jobTo(stack, waiting, 'succeeded')
})

await test('a second signal gives the running job back, uncounted', async () => {
  const id = await running()
  process.kill(stack.pid('worker-1'), 'SIGTERM')
  await sleep(200)
  process.kill(stack.pid('worker-1'), 'SIGTERM')
  await until(() => !stack.alive('worker-1'), 10, 'its end')
  equal(jobIs(stack, id, "state || ' ' || attempt || ' ' || max_attempts || ' ' || free_returns"), 'queued 1 4 1')
  equal(events(stack, id, 'give_back'), 1)
  await stack.start('worker-1')
  await jobTo(stack, id, 'succeeded', 40)
})

await test('the zygote of the parser dies: the worker takes a fresh process and goes on', async () => {
  const leader = stack.pid('worker-1')
  const zygote = Number(readFileSync(`/proc/${leader}/task/${leader}/children`, 'utf8').trim().split(' ')[0])
  process.kill(zygote, 'SIGKILL')
  const [id] = await enqueue(stack, [ingestJob(stack, image(100, 77))])
  await jobTo(stack, id, 'succeeded')
  equal(stack.pid('worker-1'), leader)
  ok(stack.alive('worker-1'), 'the same process id')
  equal(jobIs(stack, id, 'crash_count'), '0')
})

await test('a parser that crashes twice: the job is dead, the worker lives', async () => {
  const parser = join(stack.dir, 'bin/segward-parse')
  const work = mkdtempSync(join(tmpdir(), 'segward-crash-'))
  atEnd(() => rmSync(work, { recursive: true, force: true }))
  writeFileSync(join(work, 'crash.c'), 'int main(void) { __builtin_trap(); }\n')
  execFileSync(process.env.CC ?? 'cc', ['-o', join(work, 'crash'), join(work, 'crash.c')])
  renameSync(parser, `${parser}.good`)
  copyFileSync(join(work, 'crash'), parser)
  await stack.kill('worker-1', 'SIGKILL')
  // not by deploy/stack, which would put the good parser back
  const child = spawn('setpriv', asWorker, { stdio: 'ignore' })
  try {
    const [id] = await enqueue(stack, [ingestJob(stack, image(100, 78))])
    await jobTo(stack, id, 'dead')
    equal(jobIs(stack, id, "crash_count || ' ' || attempt || ' ' || error_code"), '2 2 job_crashed')
    equal(stack.psql(`select s.state from sg.scan s join sg.job j on j.scan_id = s.id where j.id = ${id}`), 'refused')
    const [other] = await enqueue(stack, [segmentJob(stack, small, quick, 3)])
    await jobTo(stack, other, 'succeeded')
  } finally {
    child.kill('SIGKILL')
    renameSync(`${parser}.good`, parser)
  }
  await stack.start('worker-1')
})

await test('a poison job that kills its worker each time is dead after its tries', async () => {
  const [id] = await enqueue(stack, [segmentJob(stack, large, slow, 4)])
  for (let n = 1; n <= 3; n++) {
    await until(() => jobIs(stack, id, "state || ' ' || attempt") === `running ${n}`, 40, `try ${n}`)
    await stack.kill('worker-1', 'SIGKILL')
    await stack.start('worker-1')
  }
  await jobTo(stack, id, 'dead', 20)
  equal(jobIs(stack, id, "attempt || ' ' || error_code"), '3 worker_lost')
})

await test('a damaged model file: the job is dead with model_hash, also when the model was loaded', async () => {
  const other = model(stack, 'other', network(3, 8))
  const [good] = await enqueue(stack, [segmentJob(stack, small, other, 5)])
  await jobTo(stack, good, 'succeeded')
  const file = blobFile(stack, other.hex)
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1] ^= 1
  writeFileSync(file, bytes)
  const [id] = await enqueue(stack, [segmentJob(stack, small, other, 5, 510)])
  await jobTo(stack, id, 'dead')
  equal(jobIs(stack, id, 'error_code'), 'model_hash')
})

await test('a damaged input file: the job is dead with input_hash', async () => {
  const job = ingestJob(stack, image(120, 79))
  const file = blobFile(stack, job.input)
  const bytes = readFileSync(file)
  bytes[60] ^= 1
  writeFileSync(file, bytes)
  const [id] = await enqueue(stack, [job])
  await jobTo(stack, id, 'dead')
  equal(jobIs(stack, id, 'error_code'), 'input_hash')
})

await test('a job whose blob is gone is tried again and then dead', async () => {
  const job = ingestJob(stack, image(120, 80))
  rmSync(blobFile(stack, job.input))
  const [id] = await enqueue(stack, [job])
  await until(() => events(stack, id, 'give_back') === 1, 10, 'given back')
  equal(jobIs(stack, id), 'queued')
  stack.psql(`update sg.job set run_after = now(), max_attempts = 2 where id = ${id}`)
  await jobTo(stack, id, 'dead', 20)
})

await test('the janitor takes old files that nobody names, and only those', async () => {
  const old = new Date(Date.now() - 26 * 3600e3)
  const named = stack.psql(`select encode(volume_sha, 'hex') from sg.scan where id = ${small}`)
  const forgotten = blob(stack, Buffer.from('an old blob that no row names'), 'png')
  const young = blob(stack, Buffer.from('a young blob that no row names'), 'png')
  stack.psql(`update sg.blob set created_at = now() - interval '26 hours' where encode(sha256, 'hex') in ('${forgotten}', '${named}')`)
  const temporary = join(stack.dir, 'store/tmp/j1-t1.0123456789abcdef')
  writeFileSync(temporary, 'left over')
  const kept = blobFile(stack, named)
  const upload = join(stack.dir, 'uploads/6a0c1a55-0000-4000-8000-000000000000')
  writeFileSync(upload, 'abandoned')
  for (const f of [blobFile(stack, forgotten), kept, temporary, upload]) utimesSync(f, old, old)
  const said = execFileSync('setpriv', [...asWorker, '--tidy'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim()
  equal(said, 'temporaries 1, blobs 1, uploads 1')
  equal([existsSync(blobFile(stack, forgotten)), existsSync(blobFile(stack, young)), existsSync(kept), existsSync(temporary), existsSync(upload)], [false, true, true, false, false])
})

await test('after all this every promise is kept', async () => {
  await until(() => violations(stack) === '', 10, `keeping promises (${violations(stack)})`)
})

await finish()
