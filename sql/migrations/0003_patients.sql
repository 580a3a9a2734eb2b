-- Patients, their studies, and the scans of a study. Deleting marks; rows stay for the record.
create table sg.patient (
  id             bigint generated always as identity primary key,
  public_id      uuid not null unique default gen_random_uuid(),
  department_id  bigint not null references sg.department,
  code           text not null check (length(code) between 1 and 64),   -- the hospital's own number
  name           text not null check (length(name) between 1 and 200),
  birth_date     date,
  sex            text check (sex in ('female', 'male', 'other')),
  created_by     bigint not null references sg.account,
  created_at     timestamptz not null default now(),
  deleted_at     timestamptz
);
create unique index patient_code on sg.patient (department_id, code) where deleted_at is null;

create table sg.study (
  id             bigint generated always as identity primary key,
  public_id      uuid not null unique default gen_random_uuid(),
  patient_id     bigint not null references sg.patient,
  department_id  bigint not null references sg.department,
  description    text not null check (length(description) <= 200),
  study_date     date not null default current_date,
  created_by     bigint not null references sg.account,
  created_at     timestamptz not null default now(),
  deleted_at     timestamptz
);
create index study_patient on sg.study (patient_id) where deleted_at is null;
create index study_recent on sg.study (department_id, id desc) where deleted_at is null;

create table sg.scan (
  id             bigint generated always as identity primary key,
  public_id      uuid not null unique default gen_random_uuid(),
  study_id       bigint not null references sg.study,
  department_id  bigint not null references sg.department,
  state          text not null default 'ingesting' check (state in ('ingesting', 'ready', 'refused')),
  kind           text check (kind in ('2d', 'stack', '3d', 'cine')),
  file_name      text not null check (length(file_name) between 1 and 255),
  original_sha   bytea not null references sg.blob,   -- as it was uploaded
  volume_sha     bytea references sg.blob,            -- voxels (sgvol)
  image_sha      bytea references sg.blob,            -- PNG for the browser
  thumbnail_sha  bytea references sg.blob,
  width int, height int, depth int, phases int, channels int,   -- voxels
  spacing_mm     double precision[3],                 -- x, y, z; null: unknown
  report         jsonb not null default '[]',         -- one line per file: file, verdict, code, text
  created_by     bigint not null references sg.account,
  created_at     timestamptz not null default now(),
  deleted_at     timestamptz,
  check (state <> 'ready' or (volume_sha is not null and width > 0 and height > 0 and depth > 0))
);
create index scan_study on sg.scan (study_id) where deleted_at is null;
