-- People: departments, accounts, sessions, and the log-in throttle.
-- Password hashes and session hashes never leave the schema's own functions.
create table sg.department (
  id          bigint generated always as identity primary key,
  public_id   uuid not null unique default gen_random_uuid(),
  name        text not null unique check (length(name) between 1 and 120),
  created_at  timestamptz not null default now()
);

create table sg.account (
  id             bigint generated always as identity primary key,
  public_id      uuid not null unique default gen_random_uuid(),
  login          text not null unique check (login ~ '^[a-z0-9][a-z0-9._@-]{1,63}$'),
  name           text not null check (length(name) between 1 and 120),
  post           text not null default '' check (length(post) <= 120),
  role           text not null check (role in ('doctor', 'researcher', 'admin')),
  department_id  bigint not null references sg.department,
  state          text not null default 'pending' check (state in ('pending', 'active', 'disabled')),
  language       text not null default 'en' check (language in ('en', 'zh-CN', 'ru')),
  password_hash  text not null,                     -- Argon2id, libsodium's string form
  failed_logins  int not null default 0,            -- since the last success
  locked_until   timestamptz,                       -- grows with failed_logins
  created_at     timestamptz not null default now(),
  approved_by    bigint references sg.account,
  approved_at    timestamptz
);
create index account_department on sg.account (department_id);

create table sg.session (
  id            bigint generated always as identity primary key,
  token_hash    bytea not null unique check (length(token_hash) = 32),  -- SHA-256 of the cookie's token
  account_id    bigint not null references sg.account,
  created_at    timestamptz not null default now(),
  last_used_at  timestamptz not null default now(),  -- not renewed by polling
  expires_at    timestamptz not null,                -- absolute end
  ended_at      timestamptz
);
create index session_account on sg.session (account_id) where ended_at is null;
