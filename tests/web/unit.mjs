// The unit tests that stand beside the TypeScript sources (web/src/**/*.test.ts): bundled by
// esbuild, run by node's own test runner, told as TAP. Needs web/node_modules (`make web`).
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'

const web = resolve(dirname(fileURLToPath(import.meta.url)), '../../web')
if (!existsSync(join(web, 'node_modules/esbuild'))) {
  console.log('ok - web # skip web/node_modules is missing: run make web')
  process.exit(0)
}
const { build } = createRequire(join(web, 'package.json'))('esbuild')

/** @param {string} dir @returns {string[]} */
function tests(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap(e =>
    e.isDirectory() ? tests(join(dir, e.name)) : e.name.endsWith('.test.ts') ? [join(dir, e.name)] : []
  )
}

const out = mkdtempSync(join(tmpdir(), 'sg-web-'))
let failed = 0
let passed = 0
try {
  const files = tests(join(web, 'src'))
  await build({
    entryPoints: files,
    outdir: out,
    outbase: join(web, 'src'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'error'
  })
  const plain = text => String(text).replace(/\s+/g, ' ').replace(/#/g, '').slice(0, 600)
  await new Promise((done, broken) => {
    run({ files: files.map(f => join(out, f.slice(web.length + 5).replace(/\.ts$/, '.mjs'))), concurrency: 2 })
      .on('test:pass', t => {
        if (t.name.endsWith('.mjs')) return
        passed++
        console.log(`ok - ${plain(t.name)}`)
      })
      .on('test:fail', t => {
        failed++
        const error = t.details.error?.cause ?? t.details.error
        console.log(`not ok - ${plain(t.name)} # ${plain(error?.message ?? error)}`)
      })
      .on('error', broken)
      .on('end', done)
      .resume()
  })
} finally {
  rmSync(out, { recursive: true, force: true })
}
if (passed === 0) console.log('not ok - web # no test ran')
process.exit(failed > 0 || passed === 0 ? 1 : 0)
