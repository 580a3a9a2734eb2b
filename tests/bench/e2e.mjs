// From the POST of a job to its visible success, minus the network's own time, for a 512x512 PNG.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, expect } from '../lib/http.mjs'
import { startStack } from '../lib/stack.mjs'
import { atEnd, finish, sleep, test } from '../lib/tap.mjs'
import { quantile, table } from './bench.mjs'

const jobs = 31

const stack = await startStack({ workers: 1 })
const segward = (...args) => execFileSync(join(stack.dir, 'bin/segward'), args)
const work = mkdtempSync(join(tmpdir(), 'segward-e2e-'))
atEnd(() => rmSync(work, { recursive: true }))

await test('end to end', async () => {
  const { doctor } = await stack.people()
  segward('phantom', 'cells', work, '--n', '1', '--seed', '1')
  segward('demo-model', 'cells', join(work, 'model.onnx'))
  await stack.admin('model', 'add', 'cells', '--onnx', join(work, 'model.onnx'))
  await stack.admin('model', 'approve', 'cells', '1')
  const web = new Client(stack)
  expect(await web.login(doctor.login, doctor.password), 200)
  const patient = expect(await web.post('/api/patients', { code: 'B1', name: 'Bench' }), 201).json
  const study = expect(await web.post(`/api/patients/${patient.id}/studies`, { description: 'bench' }), 201).json
  const upload = await web.upload(readFileSync(join(work, '000.png')), '000.png')
  const { scan, job } = expect(await web.post(`/api/studies/${study.id}/scans`, { upload }), 201).json
  const ingest = await web.wait(job.id)
  if (ingest.state !== 'succeeded') throw new Error(`ingest ended ${ingest.state}`)
  const version = expect(await web.get('/api/models'), 200).json.items[0].versions[0].id

  const whole = []
  const network = []
  const queue = []
  for (let i = 0; i < jobs; i++) {
    const begun = performance.now()
    let seen = expect(await web.job({ kind: 'segment', scan: scan.id, version }), 201).json
    while (['queued', 'running'].includes(seen.state)) {
      await sleep(3)
      seen = expect(await web.get(`/api/jobs/${seen.id}`), 200).json
    }
    const took = performance.now() - begun
    if (seen.state !== 'succeeded') throw new Error(`segment ended ${seen.state}: ${seen.error?.text}`)
    const made = expect(await web.get(`/api/segmentations/${seen.segmentation}`), 200).json
    if (i === 0) continue // the worker reads and prepares the model once
    whole.push(took)
    network.push(made.time_ms)
    queue.push(made.queue_ms)
  }
  const rest = whole.map((t, i) => t - network[i])
  table([
    { name: 'POST to visible success', value: quantile(whole), unit: 'ms' },
    { name: 'of it the network', value: quantile(network), unit: 'ms' },
    { name: 'of it the queue', value: quantile(queue), unit: 'ms' },
    { name: 'all but the network, median', value: quantile(rest), unit: 'ms', aim: '< 30', met: quantile(rest) < 30 },
    { name: 'all but the network, p90', value: quantile(rest, 0.9), unit: 'ms' }
  ])
})

await finish()
