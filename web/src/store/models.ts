// The list of models, read once and shared: choosers and job rows need the names.
import { signal } from '@preact/signals'
import type { Model, Version } from '../api/types'
import * as api from '../api/calls'
import { account } from '../session'

export const modelList = signal<readonly Model[] | null>(null)
let asked = false

/** Read the list unless it is here; failures are met again by the page that needs it. */
export function wantModels(): void {
  if (asked) return
  asked = true
  api.models(new AbortController().signal).then(
    (l) => {
      modelList.value = l.items
    },
    () => {
      asked = false
    },
  )
}

export function setModels(items: readonly Model[]): void {
  asked = true
  modelList.value = items
}

/** Somebody else may see other models. */
export function watchModels(): void {
  account.subscribe(() => {
    asked = false
    modelList.value = null
  })
}

export function versionName(id: string | null): string | null {
  for (const m of modelList.value ?? [])
    for (const v of m.versions) if (v.id === id) return `${m.name} v${v.number}`
  return null
}

export interface Choice {
  model: Model
  version: Version
}

/** What may run on patients: approved versions, the newest of each model first. */
export function approved(models: readonly Model[]): Choice[] {
  return models
    .flatMap((model) => model.versions.map((version) => ({ model, version })))
    .filter((c) => c.version.state === 'approved')
    .sort((a, b) => a.model.name.localeCompare(b.model.name) || b.version.number - a.version.number)
}
