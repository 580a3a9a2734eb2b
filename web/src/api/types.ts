// What the server sends, by the C file that writes it. Ids are UUID strings,
// times ISO 8601 in UTC, dates YYYY-MM-DD.

export type Role = 'doctor' | 'researcher' | 'admin'
export type Language = 'en' | 'zh-CN' | 'ru'

/** fcgi/h_account.c */
export interface Department {
  id: string
  name: string
}

/** The person logged in: `GET /api/me` (fcgi/h_session.c). */
export interface Account {
  id: string
  login: string
  name: string
  post: string
  role: Role
  department: Department
  language: Language
}

/** fcgi/h_session.c */
export interface Session {
  account: Account
  csrf: string
}

/** One row of `GET /api/accounts` (fcgi/h_account.c). */
export interface AccountRow {
  id: string
  login: string
  name: string
  post: string
  role: Role
  department: Department
  state: 'pending' | 'active' | 'disabled'
  created_at: string
}

/** A page of a list; `next` is the cursor of the following page. */
export interface List<T> {
  items: T[]
  next: string | null
}

export type Sex = 'female' | 'male' | 'other'

/** fcgi/h_patient.c */
export interface Patient {
  id: string
  code: string
  name: string
  birth_date: string | null
  sex: Sex | null
  studies: number
  last_study_date: string | null
}

/** `GET /api/patients/{id}` (fcgi/h_patient.c) */
export interface PatientDetail extends Omit<Patient, 'studies'> {
  studies: StudyOfPatient[]
}

export interface StudyOfPatient {
  id: string
  description: string
  study_date: string
  scans: number
}

export interface PatientName {
  id: string
  code: string
  name: string
}

/** One row of `GET /api/studies` (fcgi/h_study.c). */
export interface StudyRow extends StudyOfPatient {
  patient: PatientName
  created_at: string
}

/** `GET /api/studies/{id}` (fcgi/h_study.c) */
export interface StudyDetail {
  id: string
  description: string
  study_date: string
  patient: PatientName
  scans: Scan[]
}

/** One line per uploaded file, written by the ingest job (worker/job/ingest.c). */
export interface ReportLine {
  file: string
  verdict: 'ok' | 'refused' | 'note'
  code: string
  text: string
}

/** A segmentation as its scan lists it (fcgi/h_scan.c). */
export interface SegmentationRow {
  id: string
  version: string
  model_name: string
  threshold: number
  created_at: string
}

/** fcgi/h_scan.c */
export interface Scan {
  id: string
  study: string
  state: 'ingesting' | 'ready' | 'refused'
  kind: string | null
  file_name: string
  width: number | null
  height: number | null
  depth: number | null
  phases: number | null
  channels: number | null
  spacing_mm: [number, number, number] | null
  report: ReportLine[]
  segmentations: SegmentationRow[]
  created_at: string
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'dead'

/** fcgi/h_job.c */
export interface Job {
  id: string
  kind: string
  state: JobState
  progress: number // 0..1
  stage: string
  place: number | null // 1 = next to be taken
  expected_s: number | null // seconds until it is done, as far as known
  attempt: number
  error: { code: string; text: string } | null
  scan: string | null
  version: string | null
  segmentation: string | null
  retry_of: string | null
  created_at: string
  started_at: string | null
  finished_at: string | null
  revision: number
}

export interface JobList {
  revision: number
  items: Job[]
}

export type VersionState = 'draft' | 'testing' | 'approved' | 'withdrawn'

/** fcgi/h_model.c */
export interface Version {
  id: string
  number: number
  state: VersionState
  default_threshold: number
  labels: unknown
  created_at: string
}

/** fcgi/h_model.c */
export interface Model {
  id: string
  name: string
  organ: string
  modality: string
  dimension: number
  description: string
  versions: Version[]
}

/** One structure of a mask at `mask_threshold` (worker/mask/). */
export interface Label {
  name: string
  colour: string
  voxels: number
  area_mm2: number | null
}

/** `GET /api/segmentations/{id}` (fcgi/h_segmentation.c) */
export interface Segmentation {
  id: string
  scan: string
  job: string
  version: { id: string; number: number; state: VersionState }
  model: { id: string; name: string }
  threshold: number
  default_threshold: number
  mask_threshold: number
  width: number
  height: number
  depth: number
  spacing_mm: [number, number, number] | null
  labels: Label[]
  histogram: number[] // 256 counts of q, first class
  device: string
  precision: string
  time_ms: number // in the network
  queue_ms: number
  flags: Readonly<Record<string, unknown>>
  model_sha256: string
  software: string
  created_at: string
}

/** fcgi/h_report.c */
export interface ReportInfo {
  name: string
  title: string
  note: string
  columns: string[]
}

export type Cell = string | number | boolean | null

/** `GET /api/reports/{name}?format=json` (fcgi/h_report.c) */
export interface ReportTable {
  columns: string[]
  rows: Cell[][]
}
