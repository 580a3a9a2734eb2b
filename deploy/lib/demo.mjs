// One image through the whole portal, as a doctor's browser would send it: log-in, patient,
// study, resumable upload, ingest, segment, mask. A second run finds the patient and the scan of
// the first and only computes anew.
//
//   node demo.mjs STATE IMAGE.png MODEL MASK.png

import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Client, expect } from '../../tests/lib/http.mjs'

const [state, image, modelName, maskFile] = process.argv.slice(2)
const read = name => readFileSync(join(state, name), 'utf8')
const [, password] = /^doctor (\S+)$/m.exec(read('secrets/demo-accounts')) ?? []
const web = new Client({ url: read('url').trim(), ca: read('tls/portal.crt') })

async function patient() {
  const found = expect(await web.get('/api/patients?q=DEMO-1'), 200).json.items.find(p => p.code === 'DEMO-1')
  if (found) return expect(await web.get(`/api/patients/${found.id}`), 200).json
  return expect(await web.post('/api/patients', { code: 'DEMO-1', name: 'Synthetic image' }), 201).json
}

async function study(of) {
  if (of.studies?.length > 0) return of.studies[0]
  return expect(await web.post(`/api/patients/${of.id}/studies`, { description: 'Phantom' }), 201).json
}

async function scan(of) {
  const name = basename(image)
  const old = expect(await web.get(`/api/studies/${of.id}`), 200).json.scans.find(s => s.state === 'ready')
  if (old) return old
  const upload = await web.upload(readFileSync(image), name)
  const made = expect(await web.post(`/api/studies/${of.id}/scans`, { upload }), 201).json
  const job = await web.wait(made.job.id)
  if (job.state !== 'succeeded') throw new Error(`ingest ended ${job.state}: ${job.error?.text}`)
  return made.scan
}

async function version() {
  const model = expect(await web.get('/api/models'), 200).json.items.find(m => m.name === modelName)
  return model.versions.find(v => v.state === 'approved')
}

expect(await web.login('doctor', password), 200)
const taken = await scan(await study(await patient()))
const posted = expect(await web.job({ kind: 'segment', scan: taken.id, version: (await version()).id }), 201).json
const job = await web.wait(posted.id)
if (job.state !== 'succeeded') throw new Error(`segment ended ${job.state}: ${job.error?.text}`)
const seg = expect(await web.get(`/api/segmentations/${job.segmentation}`), 200).json
writeFileSync(maskFile, expect(await web.get(`/api/segmentations/${seg.id}/mask`), 200).body)
console.log(`        ${seg.width}x${seg.height}, ${seg.device} ${seg.precision}: ${seg.queue_ms} ms in the queue, ${seg.time_ms} ms in the network`)
expect(await web.post('/api/logout'), 204)
web.close()
