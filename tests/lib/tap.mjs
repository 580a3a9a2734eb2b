// A tiny test runner that prints TAP: `ok - name`, `not ok - name # why`, `ok - name # skip why`.
//
//   import { test, skip, atEnd, equal, ok, finish } from '../lib/tap.mjs'
//   await test('adds', () => equal(1 + 1, 2))
//   await finish()
//
// Tests run one after the other, in the order they are written. What atEnd() was given runs last,
// newest first, also when the process is interrupted; finish() sets the exit status.

import { isDeepStrictEqual, inspect } from 'node:util'

let failed = 0
let seen = 0
let closing = null
/** @type {Array<() => unknown>} */
const ends = []

class Skipped extends Error {}

/** One line without what TAP gives a meaning to. @param {string} text */
function plain(text) {
  return String(text).replace(/\s+/g, ' ').replace(/#/g, '').trim().slice(0, 1000)
}

/**
 * @param {string} name
 * @param {() => unknown} body throws or rejects when the test fails
 */
export async function test(name, body) {
  if (closing) return
  seen++
  try {
    await body()
    console.log(`ok - ${plain(name)}`)
  } catch (e) {
    if (e instanceof Skipped) {
      console.log(`ok - ${plain(name)} # skip ${plain(e.message)}`)
      return
    }
    failed++
    const error = /** @type {Error} */ (e)
    const where = (error?.stack ?? '').split('\n').find(l => /\.(mjs|test):?/.test(l) && !l.includes('/tap.mjs'))
    console.log(`not ok - ${plain(name)} # ${plain(error?.message ?? e)}${where ? ` (${plain(where)})` : ''}`)
  }
}

/** Leave the running test: it can not be made here. @param {string} why @returns {never} */
export function skip(why) {
  throw new Skipped(why)
}

/** @param {unknown} value @param {string} [what] */
export function ok(value, what = 'a true value was expected') {
  if (!value) throw new Error(what)
}

/** @param {unknown} got @param {unknown} wanted @param {string} [what] */
export function equal(got, wanted, what = '') {
  if (isDeepStrictEqual(got, wanted)) return
  const show = v => inspect(v, { depth: 6, breakLength: Infinity }).slice(0, 400)
  throw new Error(`${what ? what + ': ' : ''}got ${show(got)}, wanted ${show(wanted)}`)
}

/** The body must throw. Returns what it threw. @param {() => unknown} body */
export async function throws(body) {
  try {
    await body()
  } catch (e) {
    return e
  }
  throw new Error('an error was expected')
}

/** @param {() => unknown} what is done at the end, come what may */
export function atEnd(what) {
  ends.push(what)
}

/** @param {number} ms */
export const sleep = ms => new Promise(done => setTimeout(done, ms))

/**
 * Ask until the answer is true-ish and return it.
 * @template T @param {() => T | Promise<T>} ask @param {number} [seconds] @param {string} [what]
 */
export async function until(ask, seconds = 20, what = 'this') {
  const end = Date.now() + seconds * 1000
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 250)) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`${what} did not happen within ${seconds} s`)
    await sleep(pause)
  }
}

async function close() {
  while (ends.length > 0) {
    try {
      await ends.pop()()
    } catch (e) {
      failed++
      console.log(`not ok - closing # ${plain(/** @type {Error} */ (e)?.message ?? e)}`)
    }
  }
}

/** To be awaited as the last thing of a test program. */
export async function finish() {
  closing ??= close()
  await closing
  if (seen === 0) console.log('not ok - no test ran')
  process.exit(failed > 0 || seen === 0 ? 1 : 0)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, async () => {
    closing ??= close()
    await closing
    process.exit(143)
  })
for (const kind of ['uncaughtException', 'unhandledRejection'])
  process.on(kind, async e => {
    failed++
    console.log(`not ok - ${kind} # ${plain(e?.stack ?? e)}`)
    await finish()
  })
