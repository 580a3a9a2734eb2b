// Every route of the portal as a typed function, in the order of the API page.
import type {
  Account,
  AccountRow,
  Department,
  Job,
  JobList,
  Language,
  List,
  Model,
  Patient,
  PatientDetail,
  ReportInfo,
  ReportTable,
  Scan,
  Segmentation,
  Session,
  Sex,
  StudyDetail,
  StudyOfPatient,
  StudyRow,
} from './types'
import { blob, bytes, json, nothing, send } from './client'

function query(params: Readonly<Record<string, string | number | null | undefined>>): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(params)) if (v !== null && v !== undefined && v !== '') q.set(k, String(v))
  const s = q.toString()
  return s === '' ? '' : `?${s}`
}

const id = encodeURIComponent

// accounts and sessions
export const departments = (signal: AbortSignal) => json<List<Department>>('/api/departments', { signal })

export interface Registration {
  login: string
  password: string
  name: string
  post: string
  department: string
  role: 'doctor' | 'researcher'
}
export const register = (r: Registration, signal: AbortSignal) =>
  nothing('/api/register', { method: 'POST', json: r, signal })

export const login = (name: string, password: string, signal: AbortSignal) =>
  json<Session>('/api/login', { method: 'POST', json: { login: name, password }, signal, quiet401: true })

export const me = (signal: AbortSignal) => json<Session>('/api/me', { signal, quiet401: true })

export const setLanguage = (language: Language, signal: AbortSignal) =>
  json<Session>('/api/me', { method: 'PATCH', json: { language }, signal })

export const setPassword = (old: string, fresh: string, signal: AbortSignal) =>
  nothing('/api/me/password', { method: 'PUT', json: { old, new: fresh }, signal, quiet401: true })

export const logout = (signal: AbortSignal) => nothing('/api/logout', { method: 'POST', signal, quiet401: true })
export const logoutEverywhere = (signal: AbortSignal) => nothing('/api/logout-everywhere', { method: 'POST', signal })

export const accounts = (state: string, signal: AbortSignal) =>
  json<List<AccountRow>>(`/api/accounts${query({ state })}`, { signal })

export const accountDo = (account: string, verb: 'approve' | 'disable' | 'enable', signal: AbortSignal) =>
  json<AccountRow>(`/api/accounts/${id(account)}/${verb}`, { method: 'POST', signal })

// patients, studies, scans
export const patients = (q: string, after: string | null, limit: number, signal: AbortSignal) =>
  json<List<Patient>>(`/api/patients${query({ q, after, limit })}`, { signal })

export interface NewPatient {
  code: string
  name: string
  birth_date?: string
  sex?: Sex
}
export const addPatient = (p: NewPatient, signal: AbortSignal) =>
  json<Patient>('/api/patients', { method: 'POST', json: p, signal })

export const patient = (p: string, signal: AbortSignal) => json<PatientDetail>(`/api/patients/${id(p)}`, { signal })
export const deletePatient = (p: string, signal: AbortSignal) =>
  nothing(`/api/patients/${id(p)}`, { method: 'DELETE', signal })

export const addStudy = (p: string, s: { description: string; study_date?: string }, signal: AbortSignal) =>
  json<StudyOfPatient>(`/api/patients/${id(p)}/studies`, { method: 'POST', json: s, signal })

export const studies = (after: string | null, limit: number, signal: AbortSignal) =>
  json<List<StudyRow>>(`/api/studies${query({ after, limit })}`, { signal })
export const study = (s: string, signal: AbortSignal) => json<StudyDetail>(`/api/studies/${id(s)}`, { signal })
export const deleteStudy = (s: string, signal: AbortSignal) =>
  nothing(`/api/studies/${id(s)}`, { method: 'DELETE', signal })

export const addScan = (s: string, upload: string, signal: AbortSignal) =>
  json<{ scan: Scan; job: Job }>(`/api/studies/${id(s)}/scans`, { method: 'POST', json: { upload }, signal })
export const scan = (s: string, signal: AbortSignal) => json<Scan>(`/api/scans/${id(s)}`, { signal })
export const deleteScan = (s: string, signal: AbortSignal) =>
  nothing(`/api/scans/${id(s)}`, { method: 'DELETE', signal })
export const scanImage = (s: string, signal: AbortSignal) => blob(`/api/scans/${id(s)}/image`, signal)
export const thumbnailUrl = (s: string) => `/api/scans/${id(s)}/thumbnail`
export const originalUrl = (s: string) => `/api/scans/${id(s)}/original`

// jobs
export interface SegmentOrder {
  scan: string
  version: string
}
/** `key` makes a repeated call harmless: the same key answers with the same job. */
export const startSegment = (o: SegmentOrder, key: string, signal: AbortSignal) =>
  json<Job>('/api/jobs', {
    method: 'POST',
    json: { kind: 'segment', ...o },
    headers: { 'Idempotency-Key': key },
    signal,
  })

/** Jobs changed after revision `since`, or null when there is nothing new. */
export async function jobsSince(since: number, signal: AbortSignal): Promise<JobList | null> {
  const res = await send(`/api/jobs${query({ since })}`, { headers: { 'If-None-Match': `"r${since}"` }, signal })
  return res.status === 304 ? null : ((await res.json()) as JobList)
}
export const job = (j: string, signal: AbortSignal) => json<Job>(`/api/jobs/${id(j)}`, { signal })
export const cancelJob = (j: string, signal: AbortSignal) =>
  json<Job>(`/api/jobs/${id(j)}/cancel`, { method: 'POST', signal })
export const retryJob = (j: string, signal: AbortSignal) =>
  json<Job>(`/api/jobs/${id(j)}/retry`, { method: 'POST', signal })

// models, segmentations, reports
export const models = (signal: AbortSignal) => json<List<Model>>('/api/models', { signal })

export const segmentation = (s: string, signal: AbortSignal) =>
  json<Segmentation>(`/api/segmentations/${id(s)}`, { signal })
export const saveThreshold = (s: string, threshold: number, signal: AbortSignal) =>
  json<{ segmentation: Segmentation; job: Job }>(`/api/segmentations/${id(s)}/threshold`, { method: 'PUT', json: { threshold }, signal })
export const probability = (s: string, signal: AbortSignal) => bytes(`/api/segmentations/${id(s)}/probability`, signal)
export const maskUrl = (s: string) => `/api/segmentations/${id(s)}/mask`

export const reports = (signal: AbortSignal) => json<List<ReportInfo>>('/api/reports', { signal })
export const report = (name: string, from: string, to: string, signal: AbortSignal) =>
  json<ReportTable>(`/api/reports/${id(name)}${query({ from, to, format: 'json' })}`, { signal })
export const reportCsvUrl = (name: string, from: string, to: string) =>
  `/api/reports/${id(name)}${query({ from, to, format: 'csv' })}`

export type { Account }
