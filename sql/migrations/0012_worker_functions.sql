-- What workers call: claim, beat, finish, crash, give_back, sweep, and their housekeeping.
-- All times are PostgreSQL's own; clock_timestamp(), since a lock may have been waited for.

-- Give the worker one job, or no row. Accounts take turns: fewest running first, then the one
-- whose last claim is oldest; an account with p_cap jobs running is passed over. One claim at a
-- time over all classes, because jobs of class any belong to two of them and the cap to none.
create function sg.claim(p_class text, p_worker text, p_lease interval, p_cap int)
returns table (id bigint, public_id uuid, token bigint, attempt int, kind text, class text, params jsonb,
  scan_id bigint, version_id bigint, segmentation_id bigint, input_sha bytea, model_sha bytea,
  account_id bigint, department_id bigint, crash_count int)
language plpgsql security definer set search_path = sg, pg_temp set lock_timeout = '2s' as $$
#variable_conflict use_column
declare
  v_account bigint;
  v_job bigint;
  v_token bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('sg.claim', 0));
  for v_account in
    with running as (
      select account_id, count(*) as n from sg.job where state = 'running' group by account_id
    )
    select u.account_id
      from sg.user_queue u left join running r on r.account_id = u.account_id
     where u.class = p_class and coalesce(r.n, 0) < p_cap
       and exists (select from sg.job q
                    where q.account_id = u.account_id and q.state = 'queued'
                      and q.class in (p_class, 'any') and q.run_after <= clock_timestamp())
     order by coalesce(r.n, 0), u.last_claim, u.account_id
  loop
    -- Somebody changing this account's jobs is done in a moment; one who froze is passed over.
    begin
      perform set_config('lock_timeout', '200ms', true);
      perform pg_advisory_xact_lock(sg.account_key(v_account));
    exception when lock_not_available then
      continue;
    end;
    select q.id into v_job from sg.job q
     where q.account_id = v_account and q.state = 'queued' and q.class in (p_class, 'any')
       and q.run_after <= clock_timestamp()
     order by q.priority, q.id limit 1 for update skip locked;
    continue when v_job is null;
    v_token := nextval('sg.lease_seq');
    update sg.user_queue set last_claim = v_token where account_id = v_account and class = p_class;
    perform sg.job_note(v_job, 'claim', v_token, p_worker, null);
    return query
      update sg.job j
         set state = 'running', attempt = j.attempt + 1, lease_token = v_token, lease_owner = p_worker,
             lease_expires_at = clock_timestamp() + p_lease, stage = '',
             started_at = coalesce(j.started_at, clock_timestamp()), revision = nextval('sg.revision_seq')
       where j.id = v_job
      returning j.id, j.public_id, j.lease_token, j.attempt, j.kind, j.class, j.params, j.scan_id, j.version_id,
                j.segmentation_id, j.input_sha, j.model_sha, j.account_id, j.department_id, j.crash_count;
    return;
  end loop;
end $$;

-- Renew a lease and tell how far the work is (0..1, never back). No row: the lease is lost, stop
-- and delete what was written. Never waits for the account's lock: the renewal must not be late,
-- and progress that is not told now is told with the next beat.
create function sg.beat(p_id bigint, p_token bigint, p_lease interval, p_progress double precision, p_stage text)
returns table (cancel_requested boolean)
language plpgsql security definer set search_path = sg, pg_temp as $$
#variable_conflict use_column
declare
  v_account bigint;
  v_progress real := least(greatest(coalesce(p_progress, 0), 0), 1);
begin
  select account_id into v_account from sg.job where id = p_id;
  if v_account is not null and pg_try_advisory_xact_lock(sg.account_key(v_account)) then
    return query
      update sg.job j
         set lease_expires_at = clock_timestamp() + p_lease,
             progress = greatest(j.progress, v_progress), stage = coalesce(p_stage, j.stage),
             revision = case when v_progress > j.progress or p_stage <> j.stage
                             then nextval('sg.revision_seq') else j.revision end
       where j.id = p_id and j.lease_token = p_token and j.state = 'running'
      returning j.cancel_requested;
  else
    return query
      update sg.job j set lease_expires_at = clock_timestamp() + p_lease
       where j.id = p_id and j.lease_token = p_token and j.state = 'running'
      returning j.cancel_requested;
  end if;
end $$;

-- Lock a job's account; false when there is no such job.
create function sg.job_lock(p_id bigint) returns boolean
language plpgsql as $$
declare
  v_account bigint;
begin
  select account_id into v_account from sg.job where id = p_id;
  if v_account is null then
    return false;
  end if;
  perform pg_advisory_xact_lock(sg.account_key(v_account));
  return true;
end $$;

-- End a job under its lease.
--   ok       it ended now; write the segmentation or scan rows in this same transaction
--   already  it had ended under this token (an earlier call whose answer was lost): all is done
--   fenced   the lease belongs to somebody else now: throw the work away
-- p_result, for succeeded and only then:
--   {software, input_sha, model_sha (hex or null), figures {}, blobs {role: hex}}; its blobs
-- have been added by blob_add before.
create function sg.finish(p_id bigint, p_token bigint, p_state text, p_error_code text, p_error_text text,
                          p_worker text, p_result jsonb) returns text
language plpgsql security definer set search_path = sg, pg_temp as $$
begin
  if p_state is null or p_state not in ('succeeded', 'failed', 'cancelled', 'dead')
     or (p_state = 'succeeded') <> (p_result is not null) or (p_state in ('failed', 'dead')) <> (p_error_code is not null) then
    perform sg.fail('SG400', 'finish_bad', 'A success has a result, a failure an error code.');
  end if;
  if not sg.job_lock(p_id) then
    return 'fenced';
  end if;
  update sg.job
     set state = p_state, finished_at = clock_timestamp(), lease_token = null, lease_owner = null,
         lease_expires_at = null, error_code = p_error_code, error_text = p_error_text, stage = '',
         progress = case p_state when 'succeeded' then 1 else progress end,
         revision = nextval('sg.revision_seq')
   where id = p_id and lease_token = p_token and state = 'running'
     and (p_state <> 'cancelled' or cancel_requested);
  if found then
    perform sg.job_note(p_id, p_state, p_token, p_worker, p_error_code);
    if p_state = 'succeeded' then
      insert into sg.result (job_id, token, software, input_sha, model_sha, figures)
      values (p_id, p_token, p_result ->> 'software', decode(p_result ->> 'input_sha', 'hex'),
              decode(p_result ->> 'model_sha', 'hex'), coalesce(p_result -> 'figures', '{}'));
      insert into sg.result_blob (job_id, role, sha256)
      select p_id, role, decode(hex, 'hex') from jsonb_each_text(coalesce(p_result -> 'blobs', '{}')) b (role, hex);
    end if;
    return 'ok';
  end if;
  if exists (select from sg.job_event where job_id = p_id and token = p_token
                and kind in ('succeeded', 'failed', 'cancelled', 'dead')) then
    return 'already';
  end if;
  perform sg.job_note(p_id, 'fenced', p_token, p_worker, p_state);
  return 'fenced';
end $$;

-- Take a running job from its lease, noting p_kind under the lease's token: cancelled when that
-- was asked for, dead when its tries or crashes are used up, else queued again after p_delay.
-- The caller holds the account's lock. Returns the new state.
create function sg.job_release(p_id bigint, p_kind text, p_delay interval, p_worker text, p_note text,
                               p_error_code text, p_error_text text) returns text
language plpgsql as $$
declare
  v_job sg.job;
  v_state text;
begin
  select * into v_job from sg.job where id = p_id for update;
  v_state := case when v_job.cancel_requested then 'cancelled'
                  when v_job.attempt >= v_job.max_attempts or v_job.crash_count >= 2 then 'dead'
                  else 'queued' end;
  update sg.job
     set state = v_state, lease_token = null, lease_owner = null, lease_expires_at = null, stage = '',
         run_after = clock_timestamp() + p_delay,
         finished_at = case when v_state <> 'queued' then clock_timestamp() end,
         error_code = case v_state when 'dead' then p_error_code end,
         error_text = case v_state when 'dead' then p_error_text end,
         revision = nextval('sg.revision_seq')
   where id = p_id;
  perform sg.job_note(p_id, p_kind, v_job.lease_token, p_worker, p_note);
  if v_state <> 'queued' then
    perform sg.job_note(p_id, v_state, null, p_worker, null);
  end if;
  return v_state;
end $$;

create function sg.job_backoff(p_attempt int) returns interval
language sql immutable
return least(60, power(2, least(p_attempt, 6))) * interval '1 s';

-- The parser or the computing crashed on this job; after the second time it is dead.
-- Returns queued, dead, cancelled, or fenced.
create function sg.crash(p_id bigint, p_token bigint, p_worker text, p_note text) returns text
language plpgsql security definer set search_path = sg, pg_temp as $$
declare
  v_attempt int;
begin
  if not sg.job_lock(p_id) then
    return 'fenced';
  end if;
  update sg.job set crash_count = crash_count + 1
   where id = p_id and lease_token = p_token and state = 'running'
  returning attempt into v_attempt;
  if not found then
    return 'fenced';
  end if;
  return sg.job_release(p_id, 'crash', sg.job_backoff(v_attempt), p_worker, p_note, 'job_crashed',
    'The program crashed on this file more than once; an administrator will look at it.');
end $$;

-- Put a claimed job back: the worker stops, or a fault that is ours. An uncounted one gives the
-- try back (one more allowed), three times at most; then it counts. p_delay null: 2^attempt s.
-- Returns queued, dead, cancelled, or fenced.
create function sg.give_back(p_id bigint, p_token bigint, p_counted boolean, p_delay interval,
                             p_worker text, p_note text) returns text
language plpgsql security definer set search_path = sg, pg_temp as $$
declare
  v_attempt int;
begin
  if not sg.job_lock(p_id) then
    return 'fenced';
  end if;
  update sg.job
     set max_attempts = max_attempts + case when not p_counted and free_returns < 3 then 1 else 0 end,
         free_returns = free_returns + case when not p_counted and free_returns < 3 then 1 else 0 end
   where id = p_id and lease_token = p_token and state = 'running'
  returning attempt into v_attempt;
  if not found then
    return 'fenced';
  end if;
  return sg.job_release(p_id, 'give_back', coalesce(p_delay, sg.job_backoff(v_attempt)), p_worker, p_note,
    'job_given_up', 'The job could not be done in several tries; an administrator will look at it.');
end $$;

-- Free the jobs whose lease ran out, of every class, and return the ids that wait in p_class to
-- ring Redis with (at most 100). In the first lease after PostgreSQL started nothing is freed,
-- so that living workers can renew. Never waits: what is locked is swept the next time.
create function sg.sweep(p_class text, p_lease interval) returns table (id bigint, class text)
language plpgsql security definer set search_path = sg, pg_temp as $$
#variable_conflict use_column
declare
  v_account bigint;
  v_job record;
begin
  if pg_postmaster_start_time() + p_lease < clock_timestamp() then
    for v_account in
      select distinct account_id from sg.job
       where state = 'running' and lease_expires_at < clock_timestamp() order by account_id
    loop
      continue when not pg_try_advisory_xact_lock(sg.account_key(v_account));
      for v_job in
        select j.id, j.attempt from sg.job j
         where j.account_id = v_account and j.state = 'running' and j.lease_expires_at < clock_timestamp()
         for update skip locked
      loop
        perform sg.job_release(v_job.id, 'swept', sg.job_backoff(v_job.attempt), null, 'lease expired',
          'worker_lost', 'The computers working on this job stopped answering; an administrator will look at it.');
      end loop;
    end loop;
  end if;
  return query
    select j.id, j.class from sg.job j
     where j.state = 'queued' and j.class in (p_class, 'any') and j.run_after <= clock_timestamp()
     order by j.priority, j.id limit 100;
end $$;

create function sg.worker_seen(p_name text, p_class text, p_slots int, p_software text, p_device text)
returns void
language sql security definer set search_path = sg, pg_temp as $$
  insert into sg.worker (name, class, slots, software, device)
  values (p_name, p_class, p_slots, p_software, p_device)
  on conflict (name) do update
     set class = p_class, slots = p_slots, software = p_software, device = p_device, seen_at = now();
$$;

-- Make a blob known. The same bytes twice are one blob; an old row is made young again, so that
-- the janitor does not take it from under a job that is about to name it. Call it in its own
-- transaction, before finish, so that two jobs with the same bytes never wait for each other.
create function sg.blob_add(p_sha256 bytea, p_bytes bigint, p_kind text) returns void
language sql security definer set search_path = sg, pg_temp as $$
  insert into sg.blob (sha256, bytes, kind) values (p_sha256, p_bytes, p_kind)
  on conflict (sha256) do update set created_at = now()
   where blob.created_at < now() - interval '1 hour';
$$;

-- Hourly: forget blobs older than p_age that no row names; the caller deletes their files
-- (and files that have no row here).
create function sg.janitor(p_age interval) returns table (sha256 bytea)
language sql security definer set search_path = sg, pg_temp as $$
  delete from sg.blob b
   where b.created_at < now() - p_age
     and not exists (select from sg.upload where upload.sha256 = b.sha256)
     and not exists (select from sg.scan where b.sha256 in (original_sha, volume_sha, image_sha, thumbnail_sha))
     and not exists (select from sg.version where onnx_sha = b.sha256)
     and not exists (select from sg.job where b.sha256 in (input_sha, model_sha))
     and not exists (select from sg.result where b.sha256 in (input_sha, model_sha))
     and not exists (select from sg.result_blob r where r.sha256 = b.sha256)
     and not exists (select from sg.segmentation where b.sha256 in (probability_sha, mask_sha))
  returning b.sha256;
$$;

-- Hourly: end uploads nobody has added to for p_age; the caller deletes their files.
create function sg.upload_expire(p_age interval) returns table (public_id uuid)
language sql security definer set search_path = sg, pg_temp as $$
  update sg.upload set state = 'ended', changed_at = now()
   where state = 'open' and changed_at < now() - p_age
  returning public_id;
$$;
