// Files on their way up. They live here, outside any page, so that walking
// about in the portal does not cut them. A batch belongs to one new study (or
// to "add scans" of a study); a finished file is tied to the study as soon as
// the study exists.
import { signal } from '@preact/signals'
import { ApiError, isAbort } from '../api/client'
import * as api from '../api/calls'
import { discard, upload } from '../api/tus'
import { account } from '../session'
import { noteJob } from './jobs'

export type Phase = 'waiting' | 'sending' | 'paused' | 'lost' | 'sent' | 'attaching' | 'attached' | 'failed'

export interface Item {
  readonly key: number
  readonly file: File
  readonly phase: Phase
  readonly sent: number
  readonly retryIn: number // seconds, while `lost`
  readonly uploadId: string | null
  readonly scan: string | null
  readonly error: ApiError | null
}

const LANES = 2 // files sent at the same time
let nextKey = 1

export class Batch {
  readonly items = signal<readonly Item[]>([])
  readonly study = signal<string | null>(null)
  private readonly aborts = new Map<number, AbortController>()

  private patch(key: number, p: Partial<Item>): void {
    this.items.value = this.items.value.map((i) => (i.key === key ? { ...i, ...p } : i))
  }

  private get(key: number): Item | undefined {
    return this.items.value.find((i) => i.key === key)
  }

  /** Add files; one that is already in the list (same name, size, date) is left out. */
  add(files: readonly File[]): void {
    const have = new Set(this.items.value.map((i) => sameFile(i.file)))
    const fresh: Item[] = []
    for (const file of files) {
      if (have.has(sameFile(file))) continue
      have.add(sameFile(file))
      fresh.push({
        key: nextKey++,
        file,
        phase: 'waiting',
        sent: 0,
        retryIn: 0,
        uploadId: null,
        scan: null,
        error: null,
      })
    }
    this.items.value = [...this.items.value, ...fresh]
    this.pump()
  }

  pause(key: number): void {
    this.aborts.get(key)?.abort()
    this.patch(key, { phase: 'paused' })
    this.pump()
  }

  go(key: number): void {
    const i = this.get(key)
    if (i === undefined) return
    this.patch(key, { phase: i.uploadId === null ? 'waiting' : 'sent', error: null })
    this.pump()
    void this.attachAll()
  }

  /** Take a file out of the list and drop what the server has of it. */
  remove(key: number): void {
    const i = this.get(key)
    if (i === undefined) return
    this.aborts.get(key)?.abort()
    this.items.value = this.items.value.filter((x) => x.key !== key)
    const who = account.value?.id
    if (who !== undefined && i.uploadId === null) {
      discard(i.file, who, new AbortController().signal).catch(() => undefined) // it expires by itself
    }
    this.pump()
  }

  /** The study now exists: tie what is up already, and the rest as it arrives. */
  attachTo(study: string): void {
    this.study.value = study
    void this.attachAll()
  }

  busy(): boolean {
    return this.items.value.some((i) => ['waiting', 'sending', 'lost', 'sent', 'attaching'].includes(i.phase))
  }

  private pump(): void {
    const lanes = this.items.value.filter((i) => i.phase === 'sending' || i.phase === 'lost').length
    for (const i of this.items.value.filter((x) => x.phase === 'waiting').slice(0, LANES - lanes)) void this.send(i)
  }

  private async send(i: Item): Promise<void> {
    const who = account.value?.id
    if (who === undefined) return
    const abort = new AbortController()
    this.aborts.set(i.key, abort)
    this.patch(i.key, { phase: 'sending' })
    try {
      const uploadId = await upload(i.file, {
        account: who,
        signal: abort.signal,
        onProgress: (sent) => this.patch(i.key, { phase: 'sending', sent, retryIn: 0 }),
        onWaiting: (retryIn) => this.patch(i.key, { phase: 'lost', retryIn }),
      })
      this.patch(i.key, { phase: 'sent', sent: i.file.size, uploadId })
    } catch (e) {
      if (!isAbort(e)) this.patch(i.key, { phase: 'failed', error: toApiError(e) })
    } finally {
      this.aborts.delete(i.key)
      this.pump()
    }
    await this.attachAll()
  }

  private async attachAll(): Promise<void> {
    const study = this.study.value
    if (study === null) return
    for (const { key } of this.items.value) {
      const i = this.get(key) // as it is now: two files may finish at the same time
      if (i === undefined || i.phase !== 'sent' || i.uploadId === null) continue
      this.patch(i.key, { phase: 'attaching' })
      try {
        const made = await api.addScan(study, i.uploadId, new AbortController().signal)
        this.patch(i.key, { phase: 'attached', scan: made.scan.id })
        noteJob(made.job)
      } catch (e) {
        this.patch(i.key, { phase: 'failed', error: toApiError(e) })
      }
    }
  }
}

function sameFile(f: File): string {
  return JSON.stringify([f.webkitRelativePath, f.name, f.size, f.lastModified])
}

function toApiError(e: unknown): ApiError {
  return e instanceof ApiError ? e : new ApiError(0, 'unexpected', '')
}

const batches: Batch[] = []

export function newBatch(): Batch {
  const b = new Batch()
  batches.push(b)
  return b
}

/** Ask before the tab is closed while files are on their way. */
export function guardUnload(): void {
  window.addEventListener('beforeunload', (e) => {
    if (batches.some((b) => b.busy())) e.preventDefault()
  })
}

/** Everything in a drop: files, and the files of folders and their folders. */
export async function filesOf(data: DataTransfer): Promise<File[]> {
  const entries = [...data.items].map((i) => i.webkitGetAsEntry())
  if (entries.every((e) => e === null)) return [...data.files]
  const out: File[] = []
  const walk = async (e: FileSystemEntry): Promise<void> => {
    if (e instanceof FileSystemFileEntry) {
      out.push(await new Promise<File>((ok, no) => e.file(ok, no)))
    } else if (e instanceof FileSystemDirectoryEntry) {
      const reader = e.createReader()
      for (;;) {
        const some = await new Promise<FileSystemEntry[]>((ok, no) => reader.readEntries(ok, no))
        if (some.length === 0) return
        for (const x of some) await walk(x)
      }
    }
  }
  for (const e of entries) if (e !== null) await walk(e)
  return out.filter((f) => !f.name.startsWith('.'))
}
