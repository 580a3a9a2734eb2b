-- Models (a task) and their versions (one ONNX file each, with what is needed to run it).
create table sg.model (
  id           bigint generated always as identity primary key,
  public_id    uuid not null unique default gen_random_uuid(),
  name         text not null unique check (length(name) between 1 and 120),
  organ        text not null default '' check (length(organ) <= 60),
  modality     text not null default '' check (length(modality) <= 60),
  dimension    int not null check (dimension in (2, 3)),
  description  text not null default '' check (length(description) <= 2000),
  created_at   timestamptz not null default now()
);

create table sg.version (
  id                 bigint generated always as identity primary key,
  public_id          uuid not null unique default gen_random_uuid(),
  model_id           bigint not null references sg.model,
  number             int not null check (number > 0),
  state              text not null default 'draft'
                     check (state in ('draft', 'testing', 'approved', 'withdrawn')),
  onnx_sha           bytea not null references sg.blob,
  meta               jsonb not null,                  -- schema in doc/models.md
  default_threshold  double precision not null default 0.5 check (default_threshold between 0 and 1),
  approved_by        bigint references sg.account,    -- null when done by segward-admin
  approved_at        timestamptz,
  created_at         timestamptz not null default now(),
  unique (model_id, number)
);
