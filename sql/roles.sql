-- The database's roles and the database itself. Run once by a superuser, harmless when repeated:
--     psql -v ON_ERROR_STOP=1 -v db=segward -f sql/roles.sql postgres
-- Then `segward-admin migrate` (as sg_migrate) makes tables and functions. No role has a
-- password here: on one host peer authentication says who is who, remote workers show a
-- client certificate (doc/operations.md).
--
--   sg_owner    nobody logs in as it; owns the schema, its tables and its functions
--   sg_migrate  changes the schema and does what segward-admin does
--   sg_api      segward-web: its rows by row level security, the rest by functions
--   sg_worker   segward-worker: the same
--   sg_audit    reads jobs, accounts and the audit trail, no patients; runs reports and checks
--   sg_backup   reads everything, writes nothing; may stream a base backup
set client_min_messages = warning;
\if :{?db}
\else
  \set db segward
\endif

select format('create role %I', name)
  from unnest(array['sg_owner', 'sg_migrate', 'sg_api', 'sg_worker', 'sg_audit', 'sg_backup']) name
 where not exists (select from pg_roles where rolname = name)
\gexec

alter role sg_owner   nologin noinherit nosuperuser nocreatedb nocreaterole nobypassrls;
alter role sg_migrate login inherit nosuperuser nocreatedb nocreaterole nobypassrls;
alter role sg_api     login noinherit nosuperuser nocreatedb nocreaterole nobypassrls;
alter role sg_worker  login noinherit nosuperuser nocreatedb nocreaterole nobypassrls;
alter role sg_audit   login noinherit nosuperuser nocreatedb nocreaterole nobypassrls;
alter role sg_backup  login inherit nosuperuser nocreatedb nocreaterole bypassrls replication;
grant sg_owner to sg_migrate;
grant pg_read_all_data to sg_backup;

-- A frozen client must not hold locks for long: beats come every 5 s, leases live 30 s.
alter role sg_api    set idle_in_transaction_session_timeout = '10s';
alter role sg_worker set idle_in_transaction_session_timeout = '10s';
alter role sg_api    set statement_timeout = '30s';
alter role sg_worker set statement_timeout = '60s';
alter role sg_api    set lock_timeout = '10s';
alter role sg_worker set lock_timeout = '10s';
alter role sg_audit  set default_transaction_read_only = on;
alter role sg_backup set default_transaction_read_only = on;

select format('create database %I owner sg_owner encoding ''UTF8'' locale ''C.UTF-8'' template template0', :'db')
 where not exists (select from pg_database where datname = :'db')
\gexec
select format('revoke all on database %I from public', :'db')
\gexec
select format('grant connect on database %I to sg_migrate, sg_api, sg_worker, sg_audit, sg_backup', :'db')
\gexec

\connect :"db"
set client_min_messages = warning;
revoke all on schema public from public;
create schema if not exists sg authorization sg_owner;
grant usage on schema sg to sg_api, sg_worker, sg_audit, sg_backup;
