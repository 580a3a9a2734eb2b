-- Registration, log-in with its throttle, sessions, passwords and account states.
-- Password hashes and session hashes are seen by these functions alone.
create function sg.register(p_login text, p_name text, p_post text, p_department uuid, p_role text,
                            p_password_hash text) returns uuid
language plpgsql security definer set search_path = sg, pg_temp as $$
declare
  v_department bigint;
  v_id uuid;
begin
  if coalesce(p_login, '') !~ '^[a-z0-9][a-z0-9._@-]{1,63}$' then
    perform sg.fail('SG400', 'login_bad', 'A log-in name has 2 to 64 small letters, digits or . _ @ - and begins with a letter or digit.');
  end if;
  if length(coalesce(p_name, '')) not between 1 and 120 or length(coalesce(p_post, '')) > 120 then
    perform sg.fail('SG400', 'name_bad', 'A name has 1 to 120 characters, a post at most 120.');
  end if;
  if p_role is null or p_role not in ('doctor', 'researcher') then
    perform sg.fail('SG400', 'role_bad', 'One can register as a doctor or as a researcher.');
  end if;
  select id into v_department from sg.department where public_id = p_department;
  if v_department is null then
    perform sg.fail('SG400', 'department_bad', 'There is no such department.');
  end if;
  insert into sg.account (login, name, post, role, department_id, password_hash)
  values (p_login, p_name, coalesce(p_post, ''), p_role, v_department, p_password_hash)
  on conflict (login) do nothing
  returning public_id into v_id;
  if v_id is null then
    perform sg.fail('SG409', 'login_taken', 'This log-in name is taken; choose another one.');
  end if;
  return v_id;
end $$;

-- No row: nobody has that name. wait_s > 0: too many wrong tries, do not look at the password.
create function sg.login_lookup(p_login text)
returns table (account_id bigint, password_hash text, state text, wait_s int)
language sql stable security definer set search_path = sg, pg_temp as $$
  select id, password_hash, state,
         greatest(0, ceil(extract(epoch from locked_until - clock_timestamp())))::int
    from sg.account where login = p_login;
$$;
comment on function sg.login_lookup is 'wait_s is 0 when the account is not throttled';

-- How a try went. From the fourth wrong one in a row the next must wait 1, 2, 4 ... 300 s.
-- p_account is null when nobody has the name that was tried.
create function sg.login_done(p_account bigint, p_ok boolean, p_request text) returns void
language plpgsql security definer set search_path = sg, pg_temp as $$
declare
  v_public uuid;
  v_department bigint;
begin
  if p_ok then
    update sg.account set failed_logins = 0, locked_until = null
     where id = p_account returning public_id, department_id into v_public, v_department;
  else
    update sg.account
       set failed_logins = failed_logins + 1,
           locked_until = case when failed_logins >= 3 then
             clock_timestamp() + least(300, power(2, least(failed_logins, 30) - 3)) * interval '1 s' end
     where id = p_account returning public_id, department_id into v_public, v_department;
  end if;
  insert into sg.audit_event (account_id, department_id, action, object_kind, object_id, request)
  values (case when p_ok then p_account end, v_department, case when p_ok then 'login.ok' else 'login.wrong' end,
          'account', v_public, coalesce(p_request, ''));
end $$;

-- Open a session of an active account; the account's sessions that ran out are marked as ended.
create function sg.session_open(p_account bigint, p_token_hash bytea, p_idle_s int, p_absolute_s int)
returns bigint
language plpgsql security definer set search_path = sg, pg_temp as $$
declare
  v_id bigint;
begin
  perform from sg.account where id = p_account and state = 'active';
  if not found then
    perform sg.fail('SG403', 'account_inactive', 'This account is waiting for approval or was disabled.');
  end if;
  update sg.session set ended_at = now()
   where account_id = p_account and ended_at is null
     and (expires_at <= now() or last_used_at + p_idle_s * interval '1 s' <= now());
  insert into sg.session (token_hash, account_id, expires_at)
  values (p_token_hash, p_account, now() + p_absolute_s * interval '1 s')
  returning id into v_id;
  return v_id;
end $$;

-- No row: no such session, ended, run out, or its account is not active. p_touch renews the idle
-- time (not for polling); it is written at most every 5 s.
create function sg.session_check(p_token_hash bytea, p_idle_s int, p_touch boolean)
returns table (account_id bigint, department_id bigint, role text, session_id bigint)
language plpgsql security definer set search_path = sg, pg_temp as $$
#variable_conflict use_column
declare
  v_used timestamptz;
begin
  select s.account_id, a.department_id, a.role, s.id, s.last_used_at
    into account_id, department_id, role, session_id, v_used
    from sg.session s join sg.account a on a.id = s.account_id
   where s.token_hash = p_token_hash and s.ended_at is null and s.expires_at > now()
     and s.last_used_at + p_idle_s * interval '1 s' > now() and a.state = 'active';
  if not found then
    return;
  end if;
  if p_touch and v_used < now() - interval '5 s' then
    update sg.session set last_used_at = now() where id = session_id and ended_at is null;
  end if;
  return next;
end $$;

create function sg.session_end(p_token_hash bytea) returns boolean
language plpgsql security definer set search_path = sg, pg_temp as $$
begin
  update sg.session set ended_at = now() where token_hash = p_token_hash and ended_at is null;
  return found;
end $$;

-- End all sessions of an account: its own wish, or an admin's. Returns their hashes, so that
-- the caller can drop them from the cache.
create function sg.session_end_all(p_account bigint) returns setof bytea
language plpgsql security definer set search_path = sg, pg_temp as $$
begin
  if sg.acting_account() is distinct from p_account and sg.acting_role() is distinct from 'admin'
     and not sg.acting_owner() then
    perform sg.fail('SG403', 'not_yours', 'Only the account itself or an admin may do this.');
  end if;
  return query update sg.session set ended_at = now()
    where account_id = p_account and ended_at is null returning token_hash;
end $$;

-- A new password ends every session.
create function sg.password_set(p_account bigint, p_hash text) returns setof bytea
language plpgsql security definer set search_path = sg, pg_temp as $$
begin
  if sg.acting_account() is distinct from p_account and not sg.acting_owner() then
    perform sg.fail('SG403', 'not_yours', 'Only the account itself may set its password.');
  end if;
  update sg.account set password_hash = p_hash, failed_logins = 0, locked_until = null
   where id = p_account;
  return query select * from sg.session_end_all(p_account);
end $$;

-- pending -> active (approve) | disabled; active <-> disabled. An admin acts, never on himself,
-- so one active admin always remains. Disabling returns the hashes of the sessions it ended.
create function sg.account_set_state(p_public uuid, p_state text) returns setof bytea
language plpgsql security definer set search_path = sg, pg_temp as $$
declare
  v_id bigint;
  v_state text;
begin
  if sg.acting_role() is distinct from 'admin' and not sg.acting_owner() then
    perform sg.fail('SG403', 'admin_only', 'Only an admin may do this.');
  end if;
  if p_state is null or p_state not in ('active', 'disabled') then
    perform sg.fail('SG400', 'state_bad', 'An account can be made active or disabled.');
  end if;
  select id, state into v_id, v_state from sg.account where public_id = p_public for update;
  if v_id is null then
    perform sg.fail('SG404', 'account_absent', 'There is no such account.');
  end if;
  if v_id = sg.acting_account() and p_state = 'disabled' then
    perform sg.fail('SG409', 'account_self', 'An admin cannot disable himself; another admin can.');
  end if;
  update sg.account
     set state = p_state, failed_logins = 0, locked_until = null,
         approved_by = case when v_state = 'pending' and p_state = 'active' then sg.acting_account() else approved_by end,
         approved_at = case when v_state = 'pending' and p_state = 'active' then now() else approved_at end
   where id = v_id;
  if p_state = 'disabled' then
    return query update sg.session set ended_at = now()
      where account_id = v_id and ended_at is null returning token_hash;
  end if;
end $$;
