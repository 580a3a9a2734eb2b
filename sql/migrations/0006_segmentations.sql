-- What a version found on a scan: probability map, chosen threshold, mask, measurements.
create table sg.segmentation (
  id              bigint generated always as identity primary key,
  public_id       uuid not null unique default gen_random_uuid(),
  job_id          bigint not null unique references sg.job,
  scan_id         bigint not null references sg.scan,
  version_id      bigint not null references sg.version,
  department_id   bigint not null references sg.department,
  probability_sha bytea not null references sg.blob,   -- q bytes, class planes, x fastest
  histogram       int[] not null check (cardinality(histogram) = 256),  -- of q, first class
  threshold       double precision not null check (threshold between 0 and 1),  -- the person's choice
  threshold_by    bigint references sg.account,        -- null: the version's default
  threshold_at    timestamptz,
  mask_sha        bytea not null references sg.blob,   -- PNG at mask_threshold
  mask_threshold  double precision not null,
  labels          jsonb not null,                      -- at mask_threshold: name, colour, voxels, area_mm2 ...
  flags           jsonb not null default '{}',
  device          text not null,
  precision       text not null check (precision in ('f32', 'tf32', 'f32x', 'bf16', 'fp16')),
  time_ms         double precision not null,           -- in the network
  created_at      timestamptz not null default now(),
  deleted_at      timestamptz
);
create index segmentation_scan on sg.segmentation (scan_id) where deleted_at is null;
alter table sg.job add foreign key (segmentation_id) references sg.segmentation;
