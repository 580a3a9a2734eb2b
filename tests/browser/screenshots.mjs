// The README's pictures, made from the running portal: `make screenshots` writes doc/img.
// Synthetic patients and images only.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, expect } from '../lib/http.mjs'
import { build, source } from '../lib/stack.mjs'
import { atEnd, finish, ok, test, until } from '../lib/tap.mjs'
import { missing, start } from './lib.mjs'
import { toPalette } from './palette.mjs'

const why = missing()
if (why !== null) {
  console.error(`screenshots: ${why}`)
  process.exit(1)
}
const out = join(source, 'doc/img')
mkdirSync(out, { recursive: true })
const work = mkdtempSync(join(tmpdir(), 'sg-pictures-'))
atEnd(() => rmSync(work, { recursive: true, force: true }))
const segward = (...args) => execFileSync(join(build, 'segward'), args, { stdio: ['ignore', 'pipe', 'pipe'] })

const { stack, people, open } = await start()
const web = new Client(stack)
const made = { study: '', result: '' }

await test('a small hospital', async () => {
  expect(await web.login(people.doctor.login, people.doctor.password), 200)
  for (const kind of ['cells', 'liver']) {
    segward('phantom', kind, join(work, kind), '--n', '3', '--seed', '11')
    segward('demo-model', kind, join(work, `${kind}.onnx`))
    await stack.admin('model', 'add', kind === 'cells' ? 'Cell nuclei' : 'Liver', '--onnx', join(work, `${kind}.onnx`), '--organ', kind)
    await stack.admin('model', 'approve', kind === 'cells' ? 'Cell nuclei' : 'Liver', '1')
  }
  const models = expect(await web.get('/api/models'), 200).json.items
  const people3 = [
    ['40-1172', 'Margaret Ashworth', '1944-07-30', 'female', 'Liver, follow-up', 'liver', 'Liver'],
    ['40-1180', '王小明', '1990-11-02', 'male', 'Liver, first visit', 'liver', 'Liver'],
    ['40-1203', 'Лидия Соколова', '1958-03-12', 'female', 'Biopsy, nuclei', 'cells', 'Cell nuclei']
  ]
  for (const [code, name, birth_date, sex, description, kind, model] of people3) {
    const patient = expect(await web.post('/api/patients', { code, name, birth_date, sex }), 201).json
    const study = expect(await web.post(`/api/patients/${patient.id}/studies`, { description }), 201).json
    const files = readdirSync(join(work, kind), { recursive: true, encoding: 'utf8' }).filter(
      f => /\.png$/.test(f) && !/label|mask|truth/i.test(f)
    )
    for (const [i, f] of files.sort().entries()) {
      const upload = await web.upload(readFileSync(join(work, kind, f)), `${kind}-${i + 1}.png`)
      const { scan, job } = expect(await web.post(`/api/studies/${study.id}/scans`, { upload }), 201).json
      await web.wait(job.id)
      if (i === 2) continue
      const version = models.find(m => m.name === model).versions[0].id
      const done = await web.wait(expect(await web.job({ kind: 'segment', scan: scan.id, version }), 201).json.id)
      ok(done.state === 'succeeded', done.error?.text)
      made.result = done.segmentation
    }
    made.study = study.id
  }
})

/** @param {string} role @param {string} path @param {string} name */
async function picture(role, path, name, options = {}, before = async _ => {}) {
  await test(name, async () => {
    const p = await open(role, options)
    await p.go(path)
    await p.waitForSelector('h1')
    await before(p)
    await p.waitForTimeout(600)
    const file = join(out, `${name}.png`)
    writeFileSync(file, toPalette(await p.screenshot()))
    await p.context().close()
    ok(statSync(file).size < 200_000, `${statSync(file).size} bytes`)
  })
}
const drawn = p => p.waitForSelector('.viewer-canvas')
const pictures = p => until(() => p.evaluate(() => [...document.querySelectorAll('img.thumb')].every(i => i.naturalWidth > 0)))

await picture('doctor', '/', 'home', { width: 1120, height: 700 })
await picture('doctor', `/studies/${made.study}`, 'study', { width: 1120, height: 700 }, pictures)
await picture('doctor', `/segmentations/${made.result}`, 'result', { width: 1120, height: 720 }, async p => {
  await drawn(p)
  await p.locator('.slider').fill('430')
})
await picture('doctor', `/segmentations/${made.result}`, 'result-phone', { width: 390, height: 844, dark: true }, drawn)
await finish()
