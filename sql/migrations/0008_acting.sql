-- Who acts in this transaction, and how functions refuse: the ground of all that follows.
-- A program sets sg.account, sg.department and sg.role local to each transaction; unset or
-- empty (0 for ids) means nobody, and nobody sees no row.

-- Functions are closed to everyone until granted one by one (0014_rights.sql).
alter default privileges revoke execute on functions from public;

create function sg.acting_account() returns bigint
language sql stable parallel safe
return nullif(nullif(current_setting('sg.account', true), '')::bigint, 0);

create function sg.acting_department() returns bigint
language sql stable parallel safe
return nullif(nullif(current_setting('sg.department', true), '')::bigint, 0);

create function sg.acting_role() returns text
language sql stable parallel safe
return nullif(current_setting('sg.role', true), '');

-- True in a session of segward-admin, which logs in as a member of sg_owner.
create function sg.acting_owner() returns boolean
language sql stable
return pg_has_role(session_user, 'sg_owner', 'usage');

-- Refuse: SQLSTATE SGnnn (nnn as in HTTP), message = stable id, detail = a sentence for people.
create function sg.fail(p_state text, p_id text, p_sentence text) returns void
language plpgsql as $$
begin
  raise exception using errcode = p_state, message = p_id, detail = p_sentence;
end $$;

-- The advisory lock of one account's jobs. Whoever gives a job a new revision holds it until
-- commit, so revisions of one account become visible in their order and "what is new since N"
-- never misses one. Order of locks: sg.claim, then one account, then rows.
create function sg.account_key(p_account bigint) returns bigint
language sql immutable parallel safe
return hashtextextended('sg.account:' || p_account, 0);
