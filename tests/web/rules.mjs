// What the browser part promises about itself: no `any` and no `!` in its TypeScript, one place
// that fetches, no text set as HTML, a page that needs nothing inline and no other host, and a
// first page that is small. The built page is checked where `make web` has made it.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { equal, finish, ok, skip, test } from '../lib/tap.mjs'

const web = resolve(dirname(fileURLToPath(import.meta.url)), '../../web')
const dist = join(web, 'dist')

/** @param {string} dir @returns {string[]} */
const files = dir =>
  readdirSync(dir, { withFileTypes: true }).flatMap(e => (e.isDirectory() ? files(join(dir, e.name)) : [join(dir, e.name)]))
const sources = files(join(web, 'src')).filter(f => /\.tsx?$/.test(f))
const name = f => relative(web, f)

await test('no any and no non-null assertion', () => {
  if (!existsSync(join(web, 'node_modules/typescript'))) skip('web/node_modules is missing: run make web')
  const ts = createRequire(join(web, 'package.json'))('typescript')
  const found = []
  for (const f of sources) {
    const file = ts.createSourceFile(f, readFileSync(f, 'utf8'), ts.ScriptTarget.ES2022, true)
    const walk = node => {
      if (node.kind === ts.SyntaxKind.AnyKeyword || node.kind === ts.SyntaxKind.NonNullExpression)
        found.push(`${name(f)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`)
      ts.forEachChild(node, walk)
    }
    walk(file)
  }
  equal(found, [])
})

/** @param {RegExp} what @param {string[]} [but] */
const lines = (what, but = []) =>
  sources
    .filter(f => !f.endsWith('.test.ts') && !but.includes(name(f)))
    .flatMap(f => readFileSync(f, 'utf8').split('\n').flatMap((l, i) => (what.test(l) ? [`${name(f)}:${i + 1}`] : [])))

await test('only api/client.ts fetches', () => equal(lines(/\bfetch\(|XMLHttpRequest|sendBeacon|WebSocket|EventSource/, ['src/api/client.ts']), []))
await test('no text becomes HTML', () => equal(lines(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(/), []))
await test('no other host is named', () => equal(lines(/https?:\/\/[a-z]/, []), []))
await test('the lock file names no registry', () => ok(!/"resolved"/.test(readFileSync(join(web, 'package-lock.json'), 'utf8'))))

await test('the built page has nothing inline', () => {
  if (!existsSync(join(dist, 'index.html'))) skip('web/dist is missing: run make web')
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  equal(html.match(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|data:/g), null)
  for (const [, url] of html.matchAll(/(?:src|href)="([^"]*)"/g)) ok(url.startsWith('/') && !url.startsWith('//'), url)
})

await test('the first page is under 120 kB compressed', () => {
  if (!existsSync(join(dist, 'index.html'))) skip('web/dist is missing: run make web')
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const assets = readdirSync(join(dist, 'assets')).filter(f => !f.endsWith('.gz'))
  const linked = [...html.matchAll(/(?:src|href)="\/([^"]*)"/g)].map(m => m[1])
  const languages = ['en-', 'zh-CN-', 'ru-'].map(p => assets.find(f => f.startsWith(p)))
  ok(languages.every(Boolean), 'a language is missing from the build')
  const size = f => gzipSync(readFileSync(join(dist, f)), { level: 9 }).length
  const language = Math.max(...languages.map(f => size(`assets/${f}`)))
  const total = [...linked, 'index.html', 'contours.svg'].reduce((sum, f) => sum + size(f), language)
  console.log(`# first page: ${(total / 1000).toFixed(1)} kB`)
  ok(total < 120_000, `${total} bytes`)
})

await finish()
