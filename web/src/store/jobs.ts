// The jobs of the person logged in, kept fresh by one poll for the whole tab:
// every half second while something is under way and the tab is seen, every
// five seconds otherwise. An unchanged list costs one 304.
// Polling does not keep a session alive; the server sees to that.
import { computed, signal } from '@preact/signals'
import type { Job } from '../api/types'
import { ApiError, isAbort } from '../api/client'
import * as api from '../api/calls'
import { account } from '../session'

export const FAST_MS = 500
export const SLOW_MS = 5000
const LOST_MS = 15000 // an answer that takes longer is not coming: ask again

const byId = signal<ReadonlyMap<string, Job>>(new Map())
export const reachable = signal(true)

export const jobs = computed<readonly Job[]>(() =>
  [...byId.value.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0)),
)

export function isActive(j: Job): boolean {
  return j.state === 'queued' || j.state === 'running'
}

export const activeJobs = computed(() => jobs.value.filter(isActive))

/** Take a job in, unless a newer revision of it is here already. */
export function merge(have: ReadonlyMap<string, Job>, items: readonly Job[]): ReadonlyMap<string, Job> {
  const out = new Map(have)
  for (const j of items) {
    const old = out.get(j.id)
    if (old === undefined || j.revision >= old.revision) out.set(j.id, j)
  }
  return out
}

export function noteJob(j: Job): void {
  byId.value = merge(byId.value, [j])
  poke()
}

/**
 * A word that changes whenever a job of this scan begins or ends: pages use it
 * to know when to read the scan again.
 */
export function scanPulse(scans: readonly string[]): string {
  return jobs.value
    .filter((j) => j.scan !== null && scans.includes(j.scan))
    .map((j) => `${j.id}:${isActive(j) ? 'active' : j.state}`)
    .join(' ')
}

export function jobOfScan(scan: string, kind: string): Job | undefined {
  return jobs.value.find((j) => j.scan === scan && j.kind === kind)
}

let revision = 0
let timer = 0
let running: AbortController | null = null

function delay(): number {
  return activeJobs.value.length > 0 && document.visibilityState === 'visible' ? FAST_MS : SLOW_MS
}

const PLACES_MS = 2000
let placesAt = 0

/**
 * A job that waits moves up when others end, and that is no change of its own:
 * the list does not tell it. So the first few that wait are asked for by name.
 */
async function watchPlaces(signal: AbortSignal): Promise<void> {
  const waiting = activeJobs.value.filter((j) => j.state === 'queued').slice(-3)
  if (waiting.length === 0 || Date.now() - placesAt < PLACES_MS || document.visibilityState !== 'visible') return
  placesAt = Date.now()
  const now = await Promise.all(waiting.map((j) => api.job(j.id, signal)))
  byId.value = merge(byId.value, now)
}

async function poll(): Promise<void> {
  const mine = new AbortController()
  const lost = setTimeout(() => mine.abort(), LOST_MS)
  running = mine
  try {
    const list = await api.jobsSince(revision, mine.signal)
    if (list !== null) {
      if (list.items.length > 0) byId.value = merge(byId.value, list.items)
      revision = list.revision
    }
    await watchPlaces(mine.signal)
    reachable.value = true
  } catch (e) {
    if (isAbort(e)) return
    if (e instanceof ApiError && e.status === 401) return
    reachable.value = !(e instanceof ApiError && (e.status === 0 || e.status >= 500))
  } finally {
    clearTimeout(lost)
    if (running === mine) {
      running = null
      schedule(delay())
    }
  }
}

function schedule(ms: number): void {
  clearTimeout(timer)
  if (account.value === null || account.value === undefined) return
  timer = window.setTimeout(() => void poll(), ms)
}

/** Look at once, after something was begun here. */
export function poke(): void {
  if (running === null) schedule(50)
}

/** Run while somebody is logged in; a change of person starts anew. */
export function watchJobs(): void {
  let who: string | null = null
  account.subscribe((a) => {
    const now = a?.id ?? null
    if (now === who) return
    who = now
    running?.abort()
    running = null
    clearTimeout(timer)
    byId.value = new Map()
    revision = 0
    if (now !== null) schedule(0)
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') poke()
  })
}
