// The main job as people do it, in a real browser against the whole portal: ask for an account,
// be let in, add a patient, upload, segment, tune the threshold, save, come back. Then what must
// hold on every page: hostile names stay text, no sideways scrolling on a phone, axe finds nothing.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from '../lib/stack.mjs'
import { atEnd, equal, finish, ok, test, until } from '../lib/tap.mjs'
import { enter, missing, sideways, start, web } from './lib.mjs'

const why = missing()
if (why !== null) {
  console.log(`ok - portal in a browser # skip ${why}`)
  process.exit(0)
}

const work = mkdtempSync(join(tmpdir(), 'sg-browser-'))
atEnd(() => rmSync(work, { recursive: true, force: true }))
const segward = (...args) => execFileSync(join(build, 'segward'), args, { stdio: ['ignore', 'pipe', 'pipe'] })
segward('phantom', 'cells', join(work, 'cells'), '--n', '2', '--seed', '7')
segward('demo-model', 'cells', join(work, 'model.onnx'))
const images = readdirSync(join(work, 'cells'), { recursive: true, encoding: 'utf8' })
  .filter(f => /\.png$/.test(f) && !/label|mask|truth/i.test(f))
  .sort()
  .map(f => readFileSync(join(work, 'cells', f)))

const { stack, people, open } = await start()
await stack.admin('model', 'add', 'Cells', '--onnx', join(work, 'model.onnx'), '--organ', 'cells')
await stack.admin('model', 'approve', 'Cells', '1')

const HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
const FILE = '<svg onload=alert(3)>&amp;.png'
const state = { study: '', patient: '', result: '' }
const doctor = await open('doctor')
const number = text => Number(String(text).replace(/[^\d.]/g, ''))

await test('the log-in page says when name or password is wrong', async () => {
  const p = await open(null)
  await p.go('/patients')
  await p.waitForURL(/\/login\?next=%2Fpatients/)
  await enter(p, people.doctor.login, 'not the password')
  await p.waitForSelector('.banner-danger')
  await enter(p, people.doctor.login, people.doctor.password)
  await p.waitForURL(/\/patients$/) // back to where they wanted to go
  equal(p.trouble(), [])
  await p.context().close()
})

await test('a registered person comes in after an admin has approved', async () => {
  const p = await open(null)
  const password = 'a short sentence of mine'
  await p.go('/register')
  await p.getByLabel('Full name').fill('Dr. New')
  await p.getByLabel('Department').selectOption({ label: 'Radiology' })
  await p.getByLabel('Log-in name').fill('dr.new')
  await p.getByLabel('Password').fill(password)
  await p.getByRole('button', { name: 'Send' }).click()
  await p.waitForSelector('.banner-ok')
  await p.go('/login')
  await enter(p, 'dr.new', password)
  await p.waitForSelector('.banner-danger')

  const admin = await open('admin')
  await admin.getByRole('link', { name: /1 account waits/ }).click()
  await admin.getByRole('button', { name: 'Approve' }).click()
  await admin.waitForSelector('.notice-ok')

  await until(async () => {
    await enter(p, 'dr.new', password)
    return p.waitForSelector('.shell', { timeout: 2000 }).catch(() => null) // wrong tries are slowed down
  }, 40, 'log-in of the approved account')
  equal([...p.trouble(), ...admin.trouble()], [])
  await p.context().close()
  await admin.context().close()
})

await test('a patient is added, a study made, files go up with a report each', async () => {
  await doctor.go('/studies/new')
  await doctor.getByRole('button', { name: 'Add patient' }).click()
  await doctor.getByLabel('Patient number', { exact: true }).fill('4711')
  await doctor.getByRole('dialog').getByLabel('Name', { exact: true }).fill(HOSTILE)
  await doctor.getByRole('dialog').getByRole('button', { name: 'Add patient' }).click()
  await doctor.waitForSelector('.chosen')
  equal(await doctor.locator('.chosen strong').textContent(), HOSTILE)
  await doctor.getByLabel('What was examined').fill(HOSTILE)
  await doctor.locator('input[type=file]').first().setInputFiles([
    { name: FILE, mimeType: 'image/png', buffer: images[0] },
    { name: 'second.png', mimeType: 'image/png', buffer: images[1] },
    { name: 'cut.png', mimeType: 'image/png', buffer: images[1].subarray(0, 2000) },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('These are notes, and no picture at all.') }
  ])
  await doctor.getByRole('button', { name: 'Create study' }).click()
  const tag = name => doctor.locator('.file', { hasText: name }).locator('.tag').textContent()
  await until(async () => (await tag(FILE)) === 'Ready' && (await tag('second.png')) === 'Ready', 60, 'reading of the files').catch(async e => {
    const seen = (await doctor.locator('body').innerText()).replace(/\s+/g, ' ').slice(0, 600)
    throw new Error(`${e.message}: ${seen} | ${stack.log('access').trim().split('\n').slice(-6).join(' | ')}`)
  })
  await until(async () => (await tag('cut.png')) === 'Refused', 30, 'refusal of the cut file')
  ok(/damaged|cut/.test(await doctor.locator('.file', { hasText: 'cut.png' }).textContent()))
  equal(await tag('notes.txt'), 'Not uploaded')
  ok(/PNG/.test(await doctor.locator('.file', { hasText: 'notes.txt' }).textContent()))
  await doctor.getByRole('link', { name: 'Open study' }).click()
  await doctor.waitForURL(/\/studies\/[0-9a-f-]{36}$/)
  state.study = new URL(doctor.url()).pathname
  state.patient = await doctor.locator('.crumbs a').last().getAttribute('href')
  equal(doctor.trouble(), [])
})

await test('a segmentation is started and its result opened from the study', async () => {
  await doctor.waitForSelector('.thumb[src]')
  ok(await until(() => doctor.evaluate(() => [...document.querySelectorAll('img.thumb')].every(i => i.naturalWidth > 0))))
  await doctor.getByRole('button', { name: /^Segment 2 images$/ }).click()
  await until(async () => (await doctor.locator('.seg-link').count()) === 2, 60, 'two results')
  await doctor.locator('.seg-link').first().click()
  await doctor.waitForURL(/\/segmentations\//)
  state.result = new URL(doctor.url()).pathname
  await doctor.waitForSelector('.viewer-canvas')
  equal(doctor.trouble(), [])
})

/** Pixels of the canvas that have the overlay's colour: far more red than blue. */
const coloured = page =>
  page.evaluate(() => {
    const canvas = document.querySelector('.viewer-canvas')
    const copy = document.createElement('canvas')
    copy.width = canvas.width
    copy.height = canvas.height
    const ctx = copy.getContext('2d')
    ctx.drawImage(canvas, 0, 0)
    const d = ctx.getImageData(0, 0, copy.width, copy.height).data
    let n = 0
    for (let i = 0; i < d.length; i += 4) if (Math.abs(d[i] - d[i + 2]) > 25 || Math.abs(d[i] - d[i + 1]) > 25) n++
    return n
  })
const slide = async (page, milli) => {
  await page.locator('.slider').fill(String(milli))
  await page.waitForTimeout(100)
}
const figure = async (page, id) => number(await page.getByTestId(id).textContent())

await test('the slider changes figures and picture at once, by the rule of the stored mask', async () => {
  const seg = await doctor.evaluate(async path => (await fetch(`/api${path}`)).json(), state.result)
  const count = q => seg.histogram.slice(q).reduce((a, b) => a + b, 0)
  const pixels = async () => {
    const s = seg.spacing_mm === null ? 'area' : 'pixels'
    return figure(doctor, s)
  }
  const picture = []
  for (const [milli, q] of [[200, 51], [500, 128], [800, 204]]) {
    await slide(doctor, milli)
    equal(await pixels(), count(q), `at ${milli}`)
    picture.push(await coloured(doctor))
  }
  ok(count(51) > count(204), 'the demonstration model must leave something to tune')
  ok(picture[0] > picture[1] && picture[1] > picture[2], `picture did not follow: ${picture}`)
})

await test('a new threshold is drawn within a frame or two', async () => {
  const ms = await doctor.evaluate(async () => {
    const slider = document.querySelector('.slider')
    const times = []
    for (let i = 0; i < 30; i++) {
      const begun = performance.now()
      slider.value = String(300 + (i % 2) * 300)
      slider.dispatchEvent(new Event('input', { bubbles: true }))
      await new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))
      times.push(performance.now() - begun)
    }
    return times.sort((a, b) => a - b)[15]
  })
  console.log(`# slider to picture: ${ms.toFixed(1)} ms median`)
  ok(ms < 50, `${ms} ms`)
})

await test('the choice is saved, the mask made again, and found after a reload', async () => {
  await slide(doctor, 620)
  await doctor.getByRole('button', { name: 'Save' }).click()
  await doctor.getByRole('link', { name: 'Mask (PNG)' }).waitFor({ timeout: 30000 })
  await doctor.reload()
  await doctor.waitForSelector('.viewer-canvas')
  equal(await figure(doctor, 'threshold'), 0.62)
  ok(/Saved/.test(await doctor.getByTestId('save-state').textContent()))
  const [download] = await Promise.all([
    doctor.waitForEvent('download'),
    doctor.getByRole('link', { name: 'Mask (PNG)' }).click()
  ])
  equal(readFileSync(await download.path()).subarray(1, 4).toString(), 'PNG')
  equal(doctor.trouble(), [])
})

await test('keys tune and zoom, and the sheet tells them', async () => {
  await doctor.locator('.viewer-canvas').focus()
  await doctor.keyboard.press(']')
  equal(await figure(doctor, 'threshold'), 0.625)
  await doctor.keyboard.press('d')
  equal(await figure(doctor, 'threshold'), 0.5)
  const zoom = () => doctor.locator('.viewer-read').textContent()
  const before = await zoom()
  await doctor.keyboard.press('+')
  ok((await zoom()) !== before, 'no zoom')
  await doctor.keyboard.press('?')
  await doctor.getByRole('dialog').waitFor()
  await doctor.keyboard.press('Escape')
  await doctor.getByRole('dialog').waitFor({ state: 'detached' })
})

await test('the tray follows the jobs', async () => {
  await doctor.locator('.jobs-button').click()
  const tray = doctor.getByRole('dialog')
  await until(async () => (await tray.locator('.job-succeeded').count()) >= 5, 5, 'two readings, two segmentations, a mask')
  ok((await tray.locator('.job-failed').count()) >= 1, 'the cut file is missing')
  await doctor.keyboard.press('Escape')
})

await test('a session that ended leads to log-in and back to the same page', async () => {
  const p = await open('doctor')
  await p.go(state.study)
  await p.waitForSelector('.scan')
  await p.route('**/api/jobs?*', (r) => r.abort()) // else the next poll may notice before the click
  await p.context().clearCookies()
  await p.getByRole('link', { name: 'Models' }).click()
  await p.waitForURL(/\/login\?next=/)
  await p.waitForSelector('.banner-info')
  await enter(p, people.doctor.login, people.doctor.password)
  await p.waitForURL(/\/models$/)
  await p.context().close()
})

await test('an upload that was cut goes on where it stopped', async () => {
  const p = await open('doctor')
  await p.go(state.study)
  await p.getByRole('button', { name: 'Add images' }).click()
  let cut = 0
  await p.route('**/uploads/**', route => {
    if (route.request().method() === 'PATCH' && cut++ === 0) return route.abort('connectionreset')
    return route.continue()
  })
  await p.locator('input[type=file]').first().setInputFiles({ name: 'third.png', mimeType: 'image/png', buffer: images[0] })
  await until(async () => (await p.locator('.file', { hasText: 'third.png' }).locator('.tag').textContent()) === 'Ready', 30, 'the upload')
  ok(cut >= 2, 'nothing was cut')
  await p.context().close()
})

const pages = {
  doctor: () => ['/', '/patients', state.patient, '/studies/new', state.study, state.result, '/models', '/me', '/nowhere'],
  admin: () => ['/', '/accounts', '/reports', '/models', '/me'],
  researcher: () => ['/', '/models', '/me']
}

await test('roles see their own pages only', async () => {
  const p = await open('researcher')
  for (const path of ['/patients', '/accounts', state.study]) {
    await p.go(path)
    await p.getByRole('heading', { name: 'Not found' }).waitFor()
  }
  equal(await p.locator('.nav a').allTextContents(), ['Home', 'Models'])
  await p.context().close()
})

for (const language of ['en', 'zh-CN', 'ru'])
  await test(`phone: no page scrolls sideways (${language})`, async () => {
    const p = await open('doctor', { width: 390, height: 844 })
    await p.go('/me')
    await p.locator('select').selectOption(language)
    for (const path of pages.doctor()) {
      await p.go(path)
      await p.waitForSelector('h1')
      await p.waitForTimeout(300)
      equal(await sideways(p), 0, path)
    }
    await p.go('/me')
    await p.locator('select').selectOption('en')
    await p.waitForTimeout(200)
    equal(p.trouble(), [])
    await p.context().close()
  })

const axe = readFileSync(createRequire(join(web, 'package.json')).resolve('axe-core/axe.min.js'), 'utf8')
async function audit(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Runtime.evaluate', { expression: axe }) // beside the page's policy, which stays in force
  const { result } = await cdp.send('Runtime.evaluate', {
    expression: `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
      .then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 2).map(n => n.target.join(' ')).join(', ')))`,
    awaitPromise: true,
    returnByValue: true
  })
  await cdp.detach()
  return result.value
}

for (const dark of [false, true])
  await test(`axe finds no fault on any page (${dark ? 'dark' : 'light'})`, async () => {
    const found = []
    const look = async (p, path) => {
      await p.go(path)
      await p.waitForSelector('h1')
      await p.waitForTimeout(400)
      for (const v of await audit(p)) found.push(`${path.replace(/[0-9a-f-]{36}/, 'ID')} ${v}`)
    }
    const out = await open(null, { dark })
    await look(out, '/login')
    await look(out, '/register')
    await out.context().close()
    for (const role of ['doctor', 'admin', 'researcher']) {
      const p = await open(role, { dark })
      for (const path of pages[role]()) await look(p, path)
      if (role === 'doctor') {
        await p.locator('.jobs-button').click()
        for (const v of await audit(p)) found.push(`tray ${v}`)
      }
      equal(p.trouble(), [])
      await p.context().close()
    }
    equal(found, [])
  })

await finish()
