-- The job queue's tables; its functions stand in the next migrations. See doc/jobs.md.
create sequence sg.lease_seq;      -- fencing tokens, never reused
create sequence sg.revision_seq;   -- grows with each change of a job, for "what is new since"

create table sg.job (
  id                bigint generated always as identity primary key,
  public_id         uuid not null unique default gen_random_uuid(),
  account_id        bigint not null references sg.account,
  department_id     bigint not null references sg.department,
  kind              text not null check (kind in
                      ('ingest', 'preflight', 'segment', 'evaluate', 'train', 'export', 'deidentify')),
  class             text not null default 'cpu' check (class in ('cpu', 'gpu', 'any')),
  priority          int not null default 5 check (priority between 1 and 9),   -- 1 is served first
  state             text not null default 'queued' check (state in
                      ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead')),
  attempt           int not null default 0,          -- claims so far
  max_attempts      int not null default 3,
  free_returns      int not null default 0 check (free_returns between 0 and 3),
  crash_count       int not null default 0,          -- of the parser or the computing
  idem_key          text not null check (length(idem_key) between 1 and 200),
  params            jsonb not null default '{}',
  scan_id           bigint references sg.scan,
  version_id        bigint references sg.version,
  segmentation_id   bigint,                          -- of an export; refers to sg.segmentation
  input_sha         bytea references sg.blob,
  model_sha         bytea references sg.blob,
  run_after         timestamptz not null default now(),
  lease_token       bigint,
  lease_owner       text,
  lease_expires_at  timestamptz,
  cancel_requested  boolean not null default false,
  cancel_by         bigint references sg.account,
  progress          real not null default 0 check (progress between 0 and 1),
  stage             text not null default '',
  revision          bigint not null default nextval('sg.revision_seq'),
  error_code        text,
  error_text        text,
  retry_of          bigint references sg.job,
  created_at        timestamptz not null default now(),
  started_at        timestamptz,                     -- of the first claim
  finished_at       timestamptz,
  unique (account_id, idem_key),
  check ((state = 'running') = (lease_token is not null and lease_expires_at is not null)),
  check ((state in ('succeeded', 'failed', 'cancelled', 'dead')) = (finished_at is not null))
);
create index job_queued on sg.job (class, account_id, priority, id) where state = 'queued';
create index job_running on sg.job (lease_expires_at) where state = 'running';
create index job_account_revision on sg.job (account_id, revision);
create index job_scan on sg.job (scan_id);

create table sg.result (
  job_id      bigint primary key references sg.job,
  token       bigint not null,                       -- the lease it was written under
  software    text not null,                         -- program version and backend
  input_sha   bytea not null references sg.blob,
  model_sha   bytea references sg.blob,
  figures     jsonb not null default '{}',           -- what the job measured, without patient data
  created_at  timestamptz not null default now()
);

create table sg.result_blob (                        -- the files a result consists of
  job_id  bigint not null references sg.result,
  role    text not null,                             -- volume, image, thumbnail, probability, mask
  sha256  bytea not null references sg.blob,
  primary key (job_id, role)
);

create table sg.user_queue (
  account_id  bigint not null references sg.account,
  class       text not null,
  last_claim  bigint not null default 0,             -- lease token of the newest claim
  primary key (account_id, class)
);

create table sg.job_event (                          -- append-only
  id      bigint generated always as identity primary key,
  job_id  bigint not null references sg.job,
  at      timestamptz not null default clock_timestamp(),
  kind    text not null,   -- enqueue claim succeeded failed cancelled dead give_back swept fenced cancel
  token   bigint,
  worker  text,
  note    text
);
create index job_event_job on sg.job_event (job_id);

create table sg.worker (                             -- who is there; refreshed by each sweep
  name        text primary key,
  class       text not null,
  slots       int not null,
  software    text not null,
  device      text not null,                         -- processor and instruction set, or GPU
  started_at  timestamptz not null default now(),
  seen_at     timestamptz not null default now()
);
