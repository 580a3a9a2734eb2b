// Jobs a second through claim, one tiny network, blobs and finish; and the time from a job's
// insert to its end when nothing else runs, as PostgreSQL's clock saw it.

import { startStack } from '../lib/stack.mjs'
import { finish, test } from '../lib/tap.mjs'
import { drained, enqueue, jobTo, model, network, people, ready, segmentJob } from '../faults/lib.mjs'
import { table } from './bench.mjs'

const jobs = 400
const single = 31
const stack = await startStack({ services: ['postgres', 'redis', 'worker'], workers: 1, set: { worker_slots: 2, worker_threads: 1, job_cap: 2 } })

await test('jobs a second', async () => {
  people(stack)
  const version = model(stack, 'tiny', network(1, 4))
  const [scan] = await ready(stack, version, [64])
  const one = []
  for (let i = 0; i < single; i++) {
    const [id] = await enqueue(stack, [segmentJob(stack, scan, version, 1, i)])
    await jobTo(stack, id, 'succeeded')
    one.push(id)
  }
  const ms = stack.psql(`select percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at)) * 1000
    from sg.job where id in (${one.join(',')})`)
  const many = []
  const pattern = segmentJob(stack, scan, version)
  for (let i = 0; i < jobs; i++) many.push({ ...pattern, account: 1 + (i % 6), params: { threshold_milli: i } })
  const ids = await enqueue(stack, many)
  await drained(stack, 120)
  const seconds = Number(stack.psql(`select extract(epoch from max(finished_at) - min(started_at)) from sg.job where id in (${ids.join(',')})`))
  table([
    { name: 'one job, claim to finish', value: Number(ms), unit: 'ms' },
    { name: 'jobs, one worker of two slots', value: jobs / seconds, unit: 'per s' }
  ])
})

await finish()
