#!/usr/bin/env node
// tests/run: timeout 600
// Real images through the whole portal: the DSB 2018 nuclei, uploaded, segmented by the published
// network, and their masks compared with the experts'. Prints the mean Dice. The network knows
// fluorescence alone; doc/accuracy.md tells how its figures split.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, expect } from '../lib/http.mjs'
import { build, sharedData, startStack } from '../lib/stack.mjs'
import { atEnd, equal, finish, ok, skip, test } from '../lib/tap.mjs'

const images = join(sharedData, '2d/dsb2018_nuclei')
const network = join(sharedData, 'onnx/models/unet2d_nuclei_broad')
const work = mkdtempSync(join(tmpdir(), 'sg-nuclei-'))
atEnd(() => rmSync(work, { recursive: true, force: true }))

const AT_ONCE = 4 // scans on their way at the same time
const MODEL = 'Nuclei'

/** Dice of a mask against the expert's, by the command line. @param {string} name @param {Buffer} mask */
function dice(name, mask) {
  const file = join(work, name)
  writeFileSync(file, mask)
  const out = execFileSync(join(build, 'segward'), ['compare', '--json', file, join(images, 'mask', name)])
  return JSON.parse(out.toString()).metrics.dice
}

/** @param {Client} web @param {string} study @param {string} version @param {string} name */
async function segment(web, study, version, name) {
  const upload = await web.upload(readFileSync(join(images, 'image', name)), name)
  const entered = expect(await web.post(`/api/studies/${study}/scans`, { upload }), 201).json
  equal((await web.wait(entered.job.id, 120)).state, 'succeeded', `${name} is taken`)
  const asked = expect(await web.job({ kind: 'segment', scan: entered.scan.id, version }), 201).json
  const job = await web.wait(asked.id, 300)
  equal(job.state, 'succeeded', `${name} is segmented`)
  const seg = expect(await web.get(`/api/segmentations/${job.segmentation}`), 200).json
  const probability = expect(await web.get(`/api/segmentations/${seg.id}/probability`), 200).body
  const mask = expect(await web.get(`/api/segmentations/${seg.id}/mask`), 200).body
  return { name, seg, probability, mask }
}

/** What is stored fits together: one byte a pixel, the histogram of these bytes, figures of the mask. */
function check({ name, seg, probability, mask }) {
  equal(probability.length, seg.width * seg.height, `${name}: one byte a pixel`)
  const counted = new Array(256).fill(0)
  for (const q of probability) counted[q]++
  equal(seg.histogram, counted, `${name}: the histogram is that of the map`)
  equal(seg.threshold, seg.mask_threshold, `${name}: the mask is at the stored threshold`)
  const level = Math.floor((Math.round(seg.threshold * 1000) * 255 + 999) / 1000)
  const above = counted.slice(level).reduce((a, b) => a + b, 0)
  equal(seg.labels[0].voxels, above, `${name}: the figures are those of the threshold`)
  ok(mask.subarray(1, 4).toString() === 'PNG', `${name}: the mask is a PNG`)
}

await test('the DSB 2018 nuclei go through the portal', async () => {
  if (!existsSync(images) || !existsSync(network)) skip('no ../shared/data')
  const stack = await startStack()
  const people = await stack.people()
  await stack.admin('model', 'add', MODEL, '--onnx', join(network, 'weights.onnx'), '--meta', join(network, 'bioimageio.yaml'))
  await stack.admin('model', 'approve', MODEL, '1')
  const web = new Client(stack)
  expect(await web.login(people.doctor.login, people.doctor.password), 200)
  const patient = expect(await web.post('/api/patients', { code: 'DSB', name: 'Cell culture' }), 201).json
  const study = expect(await web.post(`/api/patients/${patient.id}/studies`, { description: 'Nuclei' }), 201).json
  const model = expect(await web.get('/api/models'), 200).json.items.find(m => m.name === MODEL)

  const names = readdirSync(join(images, 'image')).sort()
  const left = [...names]
  const figures = []
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const result = await segment(web, study.id, model.versions[0].id, name)
      check(result)
      figures.push(dice(name, result.mask))
    }
  }))
  equal(figures.length, 46)
  const mean = figures.reduce((a, b) => a + b, 0) / figures.length
  console.log(`# mean Dice of ${figures.length} images: ${mean.toFixed(4)}`)
  ok(mean > 0.5 && mean <= 1, `the mean Dice ${mean.toFixed(4)} lies in 0.5 to 1`)
  web.close()
})

await finish()
