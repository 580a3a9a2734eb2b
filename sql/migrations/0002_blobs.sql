-- Bytes: blobs named by their SHA-256, and uploads on their way to become one.
create table sg.blob (
  sha256      bytea primary key check (length(sha256) = 32),
  bytes       bigint not null check (bytes >= 0),
  kind        text not null check (length(kind) between 1 and 20),  -- png, sgvol, onnx, prob, ...
  created_at  timestamptz not null default now()
);

create table sg.upload (
  id          bigint generated always as identity primary key,
  public_id   uuid not null unique default gen_random_uuid(),
  account_id  bigint not null references sg.account,
  file_name   text not null check (length(file_name) between 1 and 255),
  bytes       bigint not null check (bytes >= 0),                   -- declared length
  received    bigint not null default 0 check (received between 0 and bytes),
  state       text not null default 'open' check (state in ('open', 'done', 'ended')),
  sha256      bytea references sg.blob,
  created_at  timestamptz not null default now(),
  changed_at  timestamptz not null default now(),
  check ((state = 'done') = (sha256 is not null))
);
create index upload_open on sg.upload (changed_at) where state = 'open';
create index upload_account on sg.upload (account_id, state);
