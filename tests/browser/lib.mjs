// A real browser in front of a private stack.
//
//   const { stack, people, open } = await start()
//   const p = await open('doctor', { width: 390 })   // logged in; a Playwright page
//   p.trouble()                                      // what the page complained about
//
// Playwright's library comes from web/node_modules, the browser is the system's Chromium
// (SG_CHROMIUM names another). Every page counts script errors and violations of the content
// security policy, and refuses to speak to any other host.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build, source, startStack } from '../lib/stack.mjs'
import { atEnd } from '../lib/tap.mjs'

export const chromiumPath = process.env.SG_CHROMIUM ?? '/usr/bin/chromium'
export const web = join(source, 'web')

/** Why the browser tests cannot run here, or null. */
export function missing() {
  if (!existsSync(chromiumPath)) return `no browser at ${chromiumPath}`
  if (!existsSync(join(web, 'node_modules/playwright-core'))) return 'web/node_modules is missing: run make web'
  if (!existsSync(join(web, 'dist/index.html'))) return 'web/dist is missing: run make web'
  if (!existsSync(join(build, 'segward-worker'))) return 'the portal is not built'
  return null
}

export async function start() {
  const { chromium } = createRequire(join(web, 'package.json'))('playwright-core')
  const stack = await startStack({ workers: 1 })
  const people = await stack.people()
  // as root Chromium has no sandbox of its own to offer
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] })
  atEnd(() => browser.close())

  /** @param {'doctor' | 'researcher' | 'admin' | null} role */
  async function open(role, { width = 1280, height = 860, dark = false, language = 'en' } = {}) {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true, // the certificate is the stack's own
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      locale: language,
      hasTouch: width < 600,
      reducedMotion: 'reduce',
      acceptDownloads: true
    })
    context.setDefaultTimeout(15000)
    const page = await context.newPage()
    const found = []
    page.on('pageerror', e => found.push(`error: ${e.message}`))
    page.on('dialog', d => {
      found.push(`dialog: ${d.message()}`)
      void d.dismiss()
    })
    page.on('console', m => {
      if (/Content Security Policy|TrustedHTML|TrustedScript/i.test(m.text())) found.push(m.text())
    })
    page.on('request', r => {
      if (!r.url().startsWith(stack.url) && !r.url().startsWith('blob:')) found.push(`asked ${r.url()}`)
    })
    page.trouble = () => found
    page.go = path => page.goto(stack.url + path)
    if (role !== null) {
      await page.go('/login')
      await enter(page, people[role].login, people[role].password)
      await page.waitForSelector('.shell', { timeout: 30000 }).catch(async e => {
        throw new Error(`no log-in as ${role}: ${(await page.locator('body').innerText()).replace(/\s+/g, ' ').slice(-300)}`, { cause: e })
      })
    }
    return page
  }
  return { stack, people, browser, open }
}

/** Fill the log-in form. */
export async function enter(page, login, password) {
  await page.fill('input[name=username]', login)
  await page.fill('input[name=password]', password)
  await page.click('button[type=submit]')
}

/** Pixels by which a page is wider than its window. */
export const sideways = page =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
