// What the benches share: medians, a table for people and one line of JSON for machines.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** @param {number[]} values @param {number} [share] 0.5 the median */
export function quantile(values, share = 0.5) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/**
 * One run of wrk. @param {string} url @param {{ seconds?: number, connections?: number, headers?: string[] }} [options]
 * @returns {Promise<{ perSecond: number, p50: number, p99: number, errors: number }>} times in ms
 */
export async function wrk(url, { seconds = 3, connections = 32, headers = [] } = {}) {
  const { stdout } = await run('wrk', [
    '-t2', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '10s',
    ...headers.flatMap(h => ['-H', h]), url
  ])
  const ms = share => {
    const [, value, unit] = new RegExp(`^\\s+${share}%\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(stdout)
    return Number(value) * { us: 0.001, ms: 1, s: 1000, m: 60000 }[unit]
  }
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0)
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
    p50: ms(50),
    p99: ms(99),
    errors: bad + (socket ? socket.slice(1).reduce((sum, n) => sum + Number(n), 0) : 0)
  }
}

/**
 * @param {Array<{ name: string, value: number | string, unit: string, aim?: string, met?: boolean }>} rows
 */
export function table(rows) {
  const cell = r => (typeof r.value === 'number' ? String(Math.round(r.value * 100) / 100) : r.value)
  const width = Math.max(...rows.map(r => r.name.length))
  for (const r of rows) {
    const verdict = r.met === undefined ? '' : r.met ? '   met' : '   MISSED'
    console.log(`${r.name.padEnd(width)}  ${cell(r).padStart(12)} ${r.unit.padEnd(10)} ${r.aim ? `aim ${r.aim}` : ''}${verdict}`)
  }
  console.log(JSON.stringify(Object.fromEntries(rows.map(r => [`${r.name} (${r.unit})`, r.value]))))
}
