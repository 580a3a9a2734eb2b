-- Who did or saw what. Rows are written in the action's own transaction, never changed;
-- a sealer chains them within a second: hash = SHA-256(previous hash || canonical row).
create table sg.audit_event (
  id             bigint generated always as identity primary key,
  at             timestamptz not null default clock_timestamp(),
  account_id     bigint,                 -- null: nobody was logged in, or the system
  department_id  bigint,
  action         text not null,          -- patient.view, job.create, login.ok, login.wrong, ...
  object_kind    text not null default '',
  object_id      uuid,
  detail         jsonb not null default '{}',   -- ids, counts and states only
  request        text not null default ''
);

create table sg.audit_seal (
  seq        bigint primary key,         -- 1, 2, 3, ... without a gap
  event_id   bigint not null unique references sg.audit_event,
  hash       bytea not null check (length(hash) = 32),
  sealed_at  timestamptz not null default now()
);
