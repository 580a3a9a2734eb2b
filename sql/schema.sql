-- The end state of sql/migrations, written by sql/dump: do not edit.

CREATE SCHEMA sg;

ALTER SCHEMA sg OWNER TO sg_owner;

CREATE FUNCTION sg.account_key(p_account bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN hashtextextended(('sg.account:'::text || p_account), (0)::bigint);

ALTER FUNCTION sg.account_key(p_account bigint) OWNER TO sg_owner;

CREATE FUNCTION sg.account_set_state(p_public uuid, p_state text) RETURNS SETOF bytea
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.account_set_state(p_public uuid, p_state text) OWNER TO sg_owner;

CREATE FUNCTION sg.acting_account() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF((NULLIF(current_setting('sg.account'::text, true), ''::text))::bigint, 0);

ALTER FUNCTION sg.acting_account() OWNER TO sg_owner;

CREATE FUNCTION sg.acting_department() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF((NULLIF(current_setting('sg.department'::text, true), ''::text))::bigint, 0);

ALTER FUNCTION sg.acting_department() OWNER TO sg_owner;

CREATE FUNCTION sg.acting_owner() RETURNS boolean
    LANGUAGE sql STABLE
    RETURN pg_has_role(SESSION_USER, 'sg_owner'::name, 'usage'::text);

ALTER FUNCTION sg.acting_owner() OWNER TO sg_owner;

CREATE FUNCTION sg.acting_role() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('sg.role'::text, true), ''::text);

ALTER FUNCTION sg.acting_role() OWNER TO sg_owner;

CREATE FUNCTION sg.audit(p_action text, p_object_kind text, p_object_id uuid, p_detail jsonb, p_request text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  insert into sg.audit_event (account_id, department_id, action, object_kind, object_id, detail, request)
  values (sg.acting_account(), sg.acting_department(), p_action, coalesce(p_object_kind, ''), p_object_id,
          coalesce(p_detail, '{}'), coalesce(p_request, ''));
$$;

ALTER FUNCTION sg.audit(p_action text, p_object_kind text, p_object_id uuid, p_detail jsonb, p_request text) OWNER TO sg_owner;

CREATE FUNCTION sg.audit_arrived() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
begin
  insert into sg.audit_pending values (new.id);
  return null;
end $$;

ALTER FUNCTION sg.audit_arrived() OWNER TO sg_owner;

CREATE TABLE sg.audit_event (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    account_id bigint,
    department_id bigint,
    action text NOT NULL,
    object_kind text DEFAULT ''::text NOT NULL,
    object_id uuid,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    request text DEFAULT ''::text NOT NULL
);

ALTER TABLE sg.audit_event OWNER TO sg_owner;

CREATE FUNCTION sg.audit_text(e sg.audit_event) RETURNS text
    LANGUAGE sql STABLE
    SET "TimeZone" TO 'UTC'
    RETURN (jsonb_build_array((e).id, to_char((e).at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text), (e).account_id, (e).department_id, (e).action, (e).object_kind, (e).object_id, (e).detail, (e).request))::text;

ALTER FUNCTION sg.audit_text(e sg.audit_event) OWNER TO sg_owner;

CREATE FUNCTION sg.audit_hash(p_before bytea, e sg.audit_event) RETURNS bytea
    LANGUAGE sql STABLE
    RETURN sha256((p_before || convert_to(sg.audit_text(e), 'UTF8'::name)));

ALTER FUNCTION sg.audit_hash(p_before bytea, e sg.audit_event) OWNER TO sg_owner;

CREATE FUNCTION sg.audit_seal(p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
declare
  v_seq bigint;
  v_hash bytea;
  v_event sg.audit_event;
  v_count int := 0;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('sg.audit_seal', 0)) then
    return 0;
  end if;
  select seq, hash into v_seq, v_hash from sg.audit_seal order by seq desc limit 1;
  v_seq := coalesce(v_seq, 0);
  v_hash := coalesce(v_hash, decode(repeat('00', 32), 'hex'));
  for v_event in
    select e.* from sg.audit_pending p join sg.audit_event e on e.id = p.event_id
     order by p.event_id limit p_limit
  loop
    v_seq := v_seq + 1;
    v_hash := sg.audit_hash(v_hash, v_event);
    insert into sg.audit_seal (seq, event_id, hash) values (v_seq, v_event.id, v_hash);
    delete from sg.audit_pending where event_id = v_event.id;
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

ALTER FUNCTION sg.audit_seal(p_limit integer) OWNER TO sg_owner;

CREATE FUNCTION sg.audit_verify(OUT broken_seq bigint, OUT sealed bigint, OUT unsealed bigint, OUT head_hash bytea) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
declare
  r record;
  v_hash bytea := decode(repeat('00', 32), 'hex');
begin
  sealed := 0;
  for r in
    select s.seq, s.hash, e as event, e.id is null as gone
      from sg.audit_seal s left join sg.audit_event e on e.id = s.event_id
     order by s.seq
  loop
    if r.seq <> sealed + 1 or r.gone or r.hash <> sg.audit_hash(v_hash, r.event) then
      broken_seq := sealed + 1;
      exit;
    end if;
    sealed := r.seq;
    v_hash := r.hash;
  end loop;
  head_hash := v_hash;
  select count(*) into unsealed from sg.audit_event e
   where not exists (select from sg.audit_seal s where s.event_id = e.id);
end $$;

ALTER FUNCTION sg.audit_verify(OUT broken_seq bigint, OUT sealed bigint, OUT unsealed bigint, OUT head_hash bytea) OWNER TO sg_owner;

CREATE FUNCTION sg.beat(p_id bigint, p_token bigint, p_lease interval, p_progress double precision, p_stage text) RETURNS TABLE(cancel_requested boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.beat(p_id bigint, p_token bigint, p_lease interval, p_progress double precision, p_stage text) OWNER TO sg_owner;

CREATE FUNCTION sg.blob_add(p_sha256 bytea, p_bytes bigint, p_kind text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  insert into sg.blob (sha256, bytes, kind) values (p_sha256, p_bytes, p_kind)
  on conflict (sha256) do update set created_at = now()
   where blob.created_at < now() - interval '1 hour';
$$;

ALTER FUNCTION sg.blob_add(p_sha256 bytea, p_bytes bigint, p_kind text) OWNER TO sg_owner;

CREATE FUNCTION sg.cancel(p_job uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
declare
  v_job sg.job := sg.job_of(p_job);
begin
  perform pg_advisory_xact_lock(sg.account_key(v_job.account_id));
  select * into v_job from sg.job where id = v_job.id for update;
  if v_job.state = 'queued' then
    update sg.job
       set state = 'cancelled', finished_at = clock_timestamp(), cancel_requested = true,
           cancel_by = sg.acting_account(), revision = nextval('sg.revision_seq')
     where id = v_job.id;
    perform sg.job_note(v_job.id, 'cancelled', null, null, null);
    return 'cancelled';
  end if;
  if v_job.state = 'running' and not v_job.cancel_requested then
    update sg.job
       set cancel_requested = true, cancel_by = sg.acting_account(), revision = nextval('sg.revision_seq')
     where id = v_job.id;
    perform sg.job_note(v_job.id, 'cancel', null, null, null);
  end if;
  return v_job.state;
end $$;

ALTER FUNCTION sg.cancel(p_job uuid) OWNER TO sg_owner;

CREATE FUNCTION sg.claim(p_class text, p_worker text, p_lease interval, p_cap integer) RETURNS TABLE(id bigint, public_id uuid, token bigint, attempt integer, kind text, class text, params jsonb, scan_id bigint, version_id bigint, segmentation_id bigint, input_sha bytea, model_sha bytea, account_id bigint, department_id bigint, crash_count integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
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

ALTER FUNCTION sg.claim(p_class text, p_worker text, p_lease interval, p_cap integer) OWNER TO sg_owner;

CREATE FUNCTION sg.crash(p_id bigint, p_token bigint, p_worker text, p_note text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.crash(p_id bigint, p_token bigint, p_worker text, p_note text) OWNER TO sg_owner;

CREATE FUNCTION sg.enqueue(p_kind text, p_idem_key text, p_params jsonb, p_scan bigint, p_version bigint, p_segmentation bigint, p_input_sha bytea, p_model_sha bytea, p_priority integer, p_class text, p_retry_of bigint, p_quota integer DEFAULT 1000, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  if sg.acting_account() is null or sg.acting_department() is null then
    perform sg.fail('SG403', 'nobody_acts', 'Log in first.');
  end if;
  if length(coalesce(p_idem_key, '')) not between 1 and 200 then
    perform sg.fail('SG400', 'idem_key_bad', 'An idempotency key has 1 to 200 characters.');
  end if;
  if coalesce(p_priority, 5) not between 1 and 9 then
    perform sg.fail('SG400', 'priority_bad', 'A priority is 1 (first) to 9 (last).');
  end if;
  if p_scan is not null and not exists (select from sg.scan
      where id = p_scan and department_id = sg.acting_department() and deleted_at is null) then
    perform sg.fail('SG404', 'scan_absent', 'There is no such scan.');
  end if;
  if p_segmentation is not null and not exists (select from sg.segmentation
      where id = p_segmentation and department_id = sg.acting_department() and deleted_at is null) then
    perform sg.fail('SG404', 'segmentation_absent', 'There is no such segmentation.');
  end if;
  if p_kind = 'segment' and not exists (select from sg.version where id = p_version and state = 'approved') then
    perform sg.fail('SG409', 'version_not_approved', 'This version of the model is not approved for patients.');
  end if;
  select r.id, r.public_id, r.class, r.fresh into id, public_id, class, fresh
    from sg.job_insert(sg.acting_account(), sg.acting_department(), p_kind, p_idem_key,
           coalesce(p_params, '{}'), p_scan, p_version, p_segmentation, p_input_sha, p_model_sha,
           coalesce(p_priority, 5), coalesce(p_class, case p_kind when 'segment' then 'any' else 'cpu' end),
           p_retry_of, coalesce(p_quota, 1000)) r;
end $$;

ALTER FUNCTION sg.enqueue(p_kind text, p_idem_key text, p_params jsonb, p_scan bigint, p_version bigint, p_segmentation bigint, p_input_sha bytea, p_model_sha bytea, p_priority integer, p_class text, p_retry_of bigint, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) OWNER TO sg_owner;

CREATE FUNCTION sg.fail(p_state text, p_id text, p_sentence text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using errcode = p_state, message = p_id, detail = p_sentence;
end $$;

ALTER FUNCTION sg.fail(p_state text, p_id text, p_sentence text) OWNER TO sg_owner;

CREATE FUNCTION sg.finish(p_id bigint, p_token bigint, p_state text, p_error_code text, p_error_text text, p_worker text, p_result jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.finish(p_id bigint, p_token bigint, p_state text, p_error_code text, p_error_text text, p_worker text, p_result jsonb) OWNER TO sg_owner;

CREATE FUNCTION sg.give_back(p_id bigint, p_token bigint, p_counted boolean, p_delay interval, p_worker text, p_note text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.give_back(p_id bigint, p_token bigint, p_counted boolean, p_delay interval, p_worker text, p_note text) OWNER TO sg_owner;

CREATE FUNCTION sg.invariants(p_drained boolean DEFAULT false, p_cap integer DEFAULT NULL::integer) RETURNS TABLE(name text, violations bigint, meaning text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  with ending as (     -- the event that closes a lease carries its token
    select * from sg.job_event
     where token is not null
       and kind in ('succeeded', 'failed', 'cancelled', 'dead', 'give_back', 'crash', 'swept')
  ), running as (      -- how many leases of an account were open after each event
    select j.account_id, sum(case e.kind when 'claim' then 1 else -1 end)
             over (partition by j.account_id order by e.id) as n
      from (select id, job_id, kind from sg.job_event where kind = 'claim'
            union all select id, job_id, kind from ending) e
      join sg.job j on j.id = e.job_id
  )
  select 'I1', count(*), 'nothing is queued or running'
    from sg.job where p_drained and state in ('queued', 'running')
  union all
  select 'I2', count(*), 'a job succeeded exactly when it has one result'
    from sg.job j where (state = 'succeeded') <> ((select count(*) from sg.result r where r.job_id = j.id) = 1)
                     or (select count(*) from sg.result r where r.job_id = j.id) > 1
  union all
  select 'I3', count(*), 'the token of a result has exactly one success event'
    from sg.result r where (select count(*) from sg.job_event e
                             where e.job_id = r.job_id and e.kind = 'succeeded' and e.token = r.token) <> 1
  union all
  select 'I4', count(*), 'no job has two success events'
    from (select job_id from sg.job_event where kind = 'succeeded' group by job_id having count(*) > 1) x
  union all
  select 'I5', count(*), 'a result was written under the newest claim of its job'
    from sg.result r where r.token is distinct from
      (select max(token) from sg.job_event e where e.job_id = r.job_id and e.kind = 'claim')
  union all
  select 'I6', count(*), 'an idempotency key made one job'
    from (select account_id, idem_key from sg.job group by 1, 2 having count(*) > 1) x
  union all
  select 'I7', count(*), 'attempts are claims'
    from sg.job j where attempt <> (select count(*) from sg.job_event e where e.job_id = j.id and e.kind = 'claim')
  union all
  select 'I10', count(*), 'a job that did not succeed has neither result nor segmentation'
    from sg.job j where state <> 'succeeded'
     and (exists (select from sg.result r where r.job_id = j.id)
       or exists (select from sg.segmentation s where s.job_id = j.id))
  union all
  select 'I11', count(distinct account_id), 'no account ran more jobs than its cap'
    from running where n > p_cap
  union all
  select 'I13', count(*), 'a lease is closed once, and only those of running jobs are open'
    from (select c.token, c.job_id, (select count(*) from ending e where e.token = c.token) as closed
            from sg.job_event c where c.kind = 'claim') x
   where closed <> case when exists (select from sg.job j where j.id = x.job_id and j.lease_token = x.token)
                        then 0 else 1 end
  union all
  select 'I14', count(*), 'an ended job has exactly one event of its end'
    from sg.job j where state in ('succeeded', 'failed', 'cancelled', 'dead')
     and (select count(*) from sg.job_event e where e.job_id = j.id
             and e.kind in ('succeeded', 'failed', 'cancelled', 'dead')) <> 1
  union all
  select 'I15', count(*), 'a succeeded segment job has exactly one segmentation'
    from sg.job j where kind = 'segment' and state = 'succeeded'
     and (select count(*) from sg.segmentation s where s.job_id = j.id) <> 1
  union all
  select 'I16', count(*), 'a scan is being read only while a job reads it'
    from sg.scan s where state = 'ingesting'
     and not exists (select from sg.job j where j.scan_id = s.id and j.kind = 'ingest' and j.state in ('queued', 'running'))
$$;

ALTER FUNCTION sg.invariants(p_drained boolean, p_cap integer) OWNER TO sg_owner;

CREATE FUNCTION sg.janitor(p_age interval) RETURNS TABLE(sha256 bytea)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.janitor(p_age interval) OWNER TO sg_owner;

CREATE FUNCTION sg.job_backoff(p_attempt integer) RETURNS interval
    LANGUAGE sql IMMUTABLE
    RETURN (LEAST((60)::double precision, power((2)::double precision, (LEAST(p_attempt, 6))::double precision)) * '00:00:01'::interval);

ALTER FUNCTION sg.job_backoff(p_attempt integer) OWNER TO sg_owner;

CREATE FUNCTION sg.job_ended() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
begin
  if new.kind = 'ingest' and new.state <> 'succeeded' then
    update sg.scan set state = 'refused' where id = new.scan_id and state = 'ingesting';
  end if;
  if sg.acting_role() is null or sg.acting_role() not in ('doctor', 'researcher', 'admin') then
    insert into sg.audit_event (department_id, action, object_kind, object_id, detail)
    values (new.department_id, 'job.' || new.state, 'job', new.public_id,
            jsonb_build_object('kind', new.kind, 'attempt', new.attempt, 'code', new.error_code));
  end if;
  return null;
end $$;

ALTER FUNCTION sg.job_ended() OWNER TO sg_owner;

CREATE FUNCTION sg.job_expected_s(p_kind text, p_version bigint) RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  select percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at))
    from (select finished_at, started_at from sg.job
           where kind = p_kind and version_id is not distinct from p_version and state = 'succeeded'
           order by finished_at desc limit 20) newest;
$$;

ALTER FUNCTION sg.job_expected_s(p_kind text, p_version bigint) OWNER TO sg_owner;

CREATE FUNCTION sg.job_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if old.state in ('succeeded', 'failed', 'cancelled', 'dead') and new is distinct from old then
    perform sg.fail('SG409', 'job_ended', 'The job has ended; a retry makes a new one.');
  end if;
  if (new.id, new.public_id, new.account_id, new.kind, new.idem_key)
     is distinct from (old.id, old.public_id, old.account_id, old.kind, old.idem_key) then
    raise exception 'a job stays what it is';
  end if;
  if new.attempt < old.attempt or new.progress < old.progress or new.revision < old.revision then
    raise exception 'attempt, progress and revision only grow';
  end if;
  return new;
end $$;

ALTER FUNCTION sg.job_guard() OWNER TO sg_owner;

CREATE FUNCTION sg.job_insert(p_account bigint, p_department bigint, p_kind text, p_idem_key text, p_params jsonb, p_scan bigint, p_version bigint, p_segmentation bigint, p_input_sha bytea, p_model_sha bytea, p_priority integer, p_class text, p_retry_of bigint, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'sg', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_job sg.job;
begin
  perform pg_advisory_xact_lock(sg.account_key(p_account));
  select * into v_job from sg.job where account_id = p_account and idem_key = p_idem_key;
  if found then
    if (v_job.kind, v_job.scan_id, v_job.version_id, v_job.segmentation_id, v_job.params, v_job.retry_of)
       is distinct from (p_kind, p_scan, p_version, p_segmentation, p_params, p_retry_of) then
      perform sg.fail('SG409', 'idem_key_reused', 'This idempotency key was used for another job; choose a new one.');
    end if;
    fresh := false;
  else
    if (select count(*) from sg.job where account_id = p_account and state = 'queued') >= p_quota then
      perform sg.fail('SG429', 'quota_queued', format('You have %s jobs waiting already; wait until some are done.', p_quota));
    end if;
    insert into sg.job (account_id, department_id, kind, idem_key, params, scan_id, version_id,
                        segmentation_id, input_sha, model_sha, priority, class, retry_of)
    values (p_account, p_department, p_kind, p_idem_key, p_params, p_scan, p_version,
            p_segmentation, p_input_sha, p_model_sha, p_priority, p_class, p_retry_of)
    returning * into v_job;
    insert into sg.user_queue (account_id, class)
    select p_account, c from unnest(array['cpu', 'gpu']) c where p_class in (c, 'any')
    on conflict do nothing;
    perform sg.job_note(v_job.id, 'enqueue', null, null, null);
    fresh := true;
  end if;
  id := v_job.id;
  public_id := v_job.public_id;
  class := v_job.class;
end $$;

ALTER FUNCTION sg.job_insert(p_account bigint, p_department bigint, p_kind text, p_idem_key text, p_params jsonb, p_scan bigint, p_version bigint, p_segmentation bigint, p_input_sha bytea, p_model_sha bytea, p_priority integer, p_class text, p_retry_of bigint, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) OWNER TO sg_owner;

CREATE FUNCTION sg.job_lock(p_id bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION sg.job_lock(p_id bigint) OWNER TO sg_owner;

CREATE FUNCTION sg.job_note(p_job bigint, p_kind text, p_token bigint, p_worker text, p_note text) RETURNS void
    LANGUAGE sql
    AS $$
  insert into sg.job_event (job_id, kind, token, worker, note)
  values (p_job, p_kind, p_token, p_worker, p_note);
$$;

ALTER FUNCTION sg.job_note(p_job bigint, p_kind text, p_token bigint, p_worker text, p_note text) OWNER TO sg_owner;

CREATE SEQUENCE sg.revision_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE sg.revision_seq OWNER TO sg_owner;

CREATE TABLE sg.job (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    account_id bigint NOT NULL,
    department_id bigint NOT NULL,
    kind text NOT NULL,
    class text DEFAULT 'cpu'::text NOT NULL,
    priority integer DEFAULT 5 NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    max_attempts integer DEFAULT 3 NOT NULL,
    free_returns integer DEFAULT 0 NOT NULL,
    crash_count integer DEFAULT 0 NOT NULL,
    idem_key text NOT NULL,
    params jsonb DEFAULT '{}'::jsonb NOT NULL,
    scan_id bigint,
    version_id bigint,
    segmentation_id bigint,
    input_sha bytea,
    model_sha bytea,
    run_after timestamp with time zone DEFAULT now() NOT NULL,
    lease_token bigint,
    lease_owner text,
    lease_expires_at timestamp with time zone,
    cancel_requested boolean DEFAULT false NOT NULL,
    cancel_by bigint,
    progress real DEFAULT 0 NOT NULL,
    stage text DEFAULT ''::text NOT NULL,
    revision bigint DEFAULT nextval('sg.revision_seq'::regclass) NOT NULL,
    error_code text,
    error_text text,
    retry_of bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT job_check CHECK (((state = 'running'::text) = ((lease_token IS NOT NULL) AND (lease_expires_at IS NOT NULL)))),
    CONSTRAINT job_check1 CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text, 'dead'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT job_class_check CHECK ((class = ANY (ARRAY['cpu'::text, 'gpu'::text, 'any'::text]))),
    CONSTRAINT job_free_returns_check CHECK (((free_returns >= 0) AND (free_returns <= 3))),
    CONSTRAINT job_idem_key_check CHECK (((length(idem_key) >= 1) AND (length(idem_key) <= 200))),
    CONSTRAINT job_kind_check CHECK ((kind = ANY (ARRAY['ingest'::text, 'preflight'::text, 'segment'::text, 'evaluate'::text, 'train'::text, 'export'::text, 'deidentify'::text]))),
    CONSTRAINT job_priority_check CHECK (((priority >= 1) AND (priority <= 9))),
    CONSTRAINT job_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
    CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text, 'dead'::text])))
);

ALTER TABLE sg.job OWNER TO sg_owner;

CREATE FUNCTION sg.job_of(p_job uuid) RETURNS sg.job
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
declare
  v_job sg.job;
begin
  select * into v_job from sg.job
   where public_id = p_job
     and (account_id = sg.acting_account() or sg.acting_role() = 'admin' or sg.acting_owner());
  if not found then
    perform sg.fail('SG404', 'job_absent', 'There is no such job.');
  end if;
  return v_job;
end $$;

ALTER FUNCTION sg.job_of(p_job uuid) OWNER TO sg_owner;

CREATE FUNCTION sg.job_places() RETURNS TABLE(job_id bigint, place bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  with mine as (
    select id, row_number() over (order by priority, id) as nth
      from sg.job where state = 'queued' and account_id = sg.acting_account()
  ), others as (
    select count(*) as n from sg.job
     where state = 'queued' and account_id <> sg.acting_account() and exists (select from mine)
     group by account_id
  )
  select id, nth + coalesce((select sum(least(n, nth)) from others), 0)::bigint from mine;
$$;

ALTER FUNCTION sg.job_places() OWNER TO sg_owner;

CREATE FUNCTION sg.job_release(p_id bigint, p_kind text, p_delay interval, p_worker text, p_note text, p_error_code text, p_error_text text) RETURNS text
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION sg.job_release(p_id bigint, p_kind text, p_delay interval, p_worker text, p_note text, p_error_code text, p_error_text text) OWNER TO sg_owner;

CREATE FUNCTION sg.jobs_shown(p_ids bigint[]) RETURNS TABLE(id bigint, revision bigint, shown json)
    LANGUAGE sql STABLE
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  with jobs as (
    select * from sg.job where id = any (p_ids)
  ), places as materialized (
    select * from sg.job_places() where exists (select from jobs where state = 'queued')
  ), expected as materialized (
    select kind, version_id, sg.job_expected_s(kind, version_id) as s
      from (select distinct kind, version_id from jobs where state in ('queued', 'running')) t
  )
  select j.id, j.revision, json_build_object(
           'id', j.public_id, 'kind', j.kind, 'state', j.state, 'progress', j.progress, 'stage', j.stage,
           'place', pl.place, 'expected_s', x.s, 'attempt', j.attempt,
           'error', case when j.error_code is not null
             then json_build_object('code', j.error_code, 'text', coalesce(j.error_text, '')) end,
           'scan', c.public_id, 'version', v.public_id, 'segmentation', g.public_id, 'retry_of', o.public_id,
           'created_at', to_char(j.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'started_at', to_char(j.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'finished_at', to_char(j.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'revision', j.revision)
    from jobs j
    left join places pl on pl.job_id = j.id
    left join expected x on x.kind = j.kind and x.version_id is not distinct from j.version_id
         and j.state in ('queued', 'running')
    left join sg.scan c on c.id = j.scan_id
    left join sg.version v on v.id = j.version_id
    left join lateral (select public_id from sg.segmentation g
         where g.id = j.segmentation_id or (j.segmentation_id is null and g.job_id = j.id) limit 1) g on true
    left join sg.job o on o.id = j.retry_of
$$;

ALTER FUNCTION sg.jobs_shown(p_ids bigint[]) OWNER TO sg_owner;

CREATE FUNCTION sg.login_done(p_account bigint, p_ok boolean, p_request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.login_done(p_account bigint, p_ok boolean, p_request text) OWNER TO sg_owner;

CREATE FUNCTION sg.login_lookup(p_login text) RETURNS TABLE(account_id bigint, password_hash text, state text, wait_s integer)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  select id, password_hash, state,
         greatest(0, ceil(extract(epoch from locked_until - clock_timestamp())))::int
    from sg.account where login = p_login;
$$;

ALTER FUNCTION sg.login_lookup(p_login text) OWNER TO sg_owner;

COMMENT ON FUNCTION sg.login_lookup(p_login text) IS 'wait_s is 0 when the account is not throttled';

CREATE FUNCTION sg.login_still(p_account bigint, p_password_hash text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
begin
  perform from sg.account where id = p_account and password_hash = p_password_hash for no key update;
  if not found then
    perform sg.fail('SG403', 'login_wrong', 'The log-in name or the password is wrong.');
  end if;
end $$;

ALTER FUNCTION sg.login_still(p_account bigint, p_password_hash text) OWNER TO sg_owner;

CREATE FUNCTION sg.password_set(p_account bigint, p_hash text) RETURNS SETOF bytea
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
begin
  if sg.acting_account() is distinct from p_account and not sg.acting_owner() then
    perform sg.fail('SG403', 'not_yours', 'Only the account itself may set its password.');
  end if;
  update sg.account set password_hash = p_hash, failed_logins = 0, locked_until = null
   where id = p_account;
  return query select * from sg.session_end_all(p_account);
end $$;

ALTER FUNCTION sg.password_set(p_account bigint, p_hash text) OWNER TO sg_owner;

CREATE FUNCTION sg.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform sg.fail('SG403', 'append_only', tg_table_name || ' only grows: rows are never changed or taken away.');
  return null;
end $$;

ALTER FUNCTION sg.refuse_change() OWNER TO sg_owner;

CREATE FUNCTION sg.register(p_login text, p_name text, p_post text, p_department uuid, p_role text, p_password_hash text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $_$
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
end $_$;

ALTER FUNCTION sg.register(p_login text, p_name text, p_post text, p_department uuid, p_role text, p_password_hash text) OWNER TO sg_owner;

CREATE FUNCTION sg.retry(p_job uuid, p_idem_key text, p_quota integer DEFAULT 1000, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  j sg.job := sg.job_of(p_job);
begin
  if length(coalesce(p_idem_key, '')) not between 1 and 200 then
    perform sg.fail('SG400', 'idem_key_bad', 'An idempotency key has 1 to 200 characters.');
  end if;
  if j.state not in ('failed', 'cancelled', 'dead') then
    perform sg.fail('SG409', 'job_not_ended', 'Only a failed, cancelled or dead job can be tried again.');
  end if;
  if j.kind = 'segment'
     and not exists (select from sg.version v where v.id = j.version_id and v.state = 'approved') then
    perform sg.fail('SG409', 'version_not_approved', 'Only approved versions run on patients'' scans.');
  end if;
  if j.scan_id is not null
     and not exists (select from sg.scan c where c.id = j.scan_id and c.deleted_at is null) then
    perform sg.fail('SG404', 'scan_absent', 'There is no such scan.');
  end if;
  select r.id, r.public_id, r.class, r.fresh into id, public_id, class, fresh
    from sg.job_insert(j.account_id, j.department_id, j.kind, p_idem_key, j.params, j.scan_id,
           j.version_id, j.segmentation_id, j.input_sha, j.model_sha, j.priority, j.class, j.id,
           coalesce(p_quota, 1000)) r;
  if fresh and j.kind = 'ingest' then
    update sg.scan set state = 'ingesting', report = '[]' where id = j.scan_id and state = 'refused';
  end if;
end $$;

ALTER FUNCTION sg.retry(p_job uuid, p_idem_key text, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) OWNER TO sg_owner;

CREATE FUNCTION sg.session_check(p_token_hash bytea, p_idle_s integer, p_touch boolean) RETURNS TABLE(account_id bigint, department_id bigint, role text, session_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.session_check(p_token_hash bytea, p_idle_s integer, p_touch boolean) OWNER TO sg_owner;

CREATE FUNCTION sg.session_end(p_token_hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
begin
  update sg.session set ended_at = now() where token_hash = p_token_hash and ended_at is null;
  return found;
end $$;

ALTER FUNCTION sg.session_end(p_token_hash bytea) OWNER TO sg_owner;

CREATE FUNCTION sg.session_end_all(p_account bigint) RETURNS SETOF bytea
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
begin
  if sg.acting_account() is distinct from p_account and sg.acting_role() is distinct from 'admin'
     and not sg.acting_owner() then
    perform sg.fail('SG403', 'not_yours', 'Only the account itself or an admin may do this.');
  end if;
  return query update sg.session set ended_at = now()
    where account_id = p_account and ended_at is null returning token_hash;
end $$;

ALTER FUNCTION sg.session_end_all(p_account bigint) OWNER TO sg_owner;

CREATE FUNCTION sg.session_open(p_account bigint, p_token_hash bytea, p_idle_s integer, p_absolute_s integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.session_open(p_account bigint, p_token_hash bytea, p_idle_s integer, p_absolute_s integer) OWNER TO sg_owner;

CREATE FUNCTION sg.sweep(p_class text, p_lease interval) RETURNS TABLE(id bigint, class text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
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

ALTER FUNCTION sg.sweep(p_class text, p_lease interval) OWNER TO sg_owner;

CREATE FUNCTION sg.upload_expire(p_age interval) RETURNS TABLE(public_id uuid)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  update sg.upload set state = 'ended', sha256 = null, changed_at = now()
   where state in ('open', 'done') and changed_at < now() - p_age
  returning public_id;
$$;

ALTER FUNCTION sg.upload_expire(p_age interval) OWNER TO sg_owner;

CREATE FUNCTION sg.worker_seen(p_name text, p_class text, p_slots integer, p_software text, p_device text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'sg', 'pg_temp'
    AS $$
  insert into sg.worker (name, class, slots, software, device)
  values (p_name, p_class, p_slots, p_software, p_device)
  on conflict (name) do update
     set class = p_class, slots = p_slots, software = p_software, device = p_device, seen_at = now();
$$;

ALTER FUNCTION sg.worker_seen(p_name text, p_class text, p_slots integer, p_software text, p_device text) OWNER TO sg_owner;

CREATE TABLE sg.account (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    post text DEFAULT ''::text NOT NULL,
    role text NOT NULL,
    department_id bigint NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    password_hash text NOT NULL,
    failed_logins integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    approved_by bigint,
    approved_at timestamp with time zone,
    CONSTRAINT account_language_check CHECK ((language = ANY (ARRAY['en'::text, 'zh-CN'::text, 'ru'::text]))),
    CONSTRAINT account_login_check CHECK ((login ~ '^[a-z0-9][a-z0-9._@-]{1,63}$'::text)),
    CONSTRAINT account_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120))),
    CONSTRAINT account_post_check CHECK ((length(post) <= 120)),
    CONSTRAINT account_role_check CHECK ((role = ANY (ARRAY['doctor'::text, 'researcher'::text, 'admin'::text]))),
    CONSTRAINT account_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'disabled'::text])))
);

ALTER TABLE sg.account OWNER TO sg_owner;

ALTER TABLE sg.account ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE sg.audit_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.audit_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.audit_pending (
    event_id bigint NOT NULL
);

ALTER TABLE sg.audit_pending OWNER TO sg_owner;

CREATE TABLE sg.audit_seal (
    seq bigint NOT NULL,
    event_id bigint NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_seal_hash_check CHECK ((length(hash) = 32))
);

ALTER TABLE sg.audit_seal OWNER TO sg_owner;

CREATE TABLE sg.blob (
    sha256 bytea NOT NULL,
    bytes bigint NOT NULL,
    kind text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT blob_bytes_check CHECK ((bytes >= 0)),
    CONSTRAINT blob_kind_check CHECK (((length(kind) >= 1) AND (length(kind) <= 20))),
    CONSTRAINT blob_sha256_check CHECK ((length(sha256) = 32))
);

ALTER TABLE sg.blob OWNER TO sg_owner;

CREATE TABLE sg.department (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT department_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120)))
);

ALTER TABLE sg.department OWNER TO sg_owner;

ALTER TABLE sg.department ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.department_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.job_event (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    kind text NOT NULL,
    token bigint,
    worker text,
    note text
);

ALTER TABLE sg.job_event OWNER TO sg_owner;

ALTER TABLE sg.job_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.job_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE sg.job ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE sg.lease_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE sg.lease_seq OWNER TO sg_owner;

CREATE TABLE sg.model (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    organ text DEFAULT ''::text NOT NULL,
    modality text DEFAULT ''::text NOT NULL,
    dimension integer NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT model_description_check CHECK ((length(description) <= 2000)),
    CONSTRAINT model_dimension_check CHECK ((dimension = ANY (ARRAY[2, 3]))),
    CONSTRAINT model_modality_check CHECK ((length(modality) <= 60)),
    CONSTRAINT model_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120))),
    CONSTRAINT model_organ_check CHECK ((length(organ) <= 60))
);

ALTER TABLE sg.model OWNER TO sg_owner;

ALTER TABLE sg.model ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.model_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.patient (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    department_id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    birth_date date,
    sex text,
    created_by bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT patient_code_check CHECK (((length(code) >= 1) AND (length(code) <= 64))),
    CONSTRAINT patient_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT patient_sex_check CHECK ((sex = ANY (ARRAY['female'::text, 'male'::text, 'other'::text])))
);

ALTER TABLE sg.patient OWNER TO sg_owner;

ALTER TABLE sg.patient ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.patient_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.result (
    job_id bigint NOT NULL,
    token bigint NOT NULL,
    software text NOT NULL,
    input_sha bytea NOT NULL,
    model_sha bytea,
    figures jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE sg.result OWNER TO sg_owner;

CREATE TABLE sg.result_blob (
    job_id bigint NOT NULL,
    role text NOT NULL,
    sha256 bytea NOT NULL
);

ALTER TABLE sg.result_blob OWNER TO sg_owner;

CREATE TABLE sg.scan (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    study_id bigint NOT NULL,
    department_id bigint NOT NULL,
    state text DEFAULT 'ingesting'::text NOT NULL,
    kind text,
    file_name text NOT NULL,
    original_sha bytea NOT NULL,
    volume_sha bytea,
    image_sha bytea,
    thumbnail_sha bytea,
    width integer,
    height integer,
    depth integer,
    phases integer,
    channels integer,
    spacing_mm double precision[],
    report jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_by bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT scan_check CHECK (((state <> 'ready'::text) OR ((volume_sha IS NOT NULL) AND (width > 0) AND (height > 0) AND (depth > 0)))),
    CONSTRAINT scan_file_name_check CHECK (((length(file_name) >= 1) AND (length(file_name) <= 255))),
    CONSTRAINT scan_kind_check CHECK ((kind = ANY (ARRAY['2d'::text, 'stack'::text, '3d'::text, 'cine'::text]))),
    CONSTRAINT scan_state_check CHECK ((state = ANY (ARRAY['ingesting'::text, 'ready'::text, 'refused'::text])))
);

ALTER TABLE sg.scan OWNER TO sg_owner;

ALTER TABLE sg.scan ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.scan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.segmentation (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    job_id bigint NOT NULL,
    scan_id bigint NOT NULL,
    version_id bigint NOT NULL,
    department_id bigint NOT NULL,
    probability_sha bytea NOT NULL,
    histogram integer[] NOT NULL,
    threshold double precision NOT NULL,
    threshold_by bigint,
    threshold_at timestamp with time zone,
    mask_sha bytea NOT NULL,
    mask_threshold double precision NOT NULL,
    labels jsonb NOT NULL,
    flags jsonb DEFAULT '{}'::jsonb NOT NULL,
    device text NOT NULL,
    "precision" text NOT NULL,
    time_ms double precision NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT segmentation_histogram_check CHECK ((cardinality(histogram) = 256)),
    CONSTRAINT segmentation_precision_check CHECK (("precision" = ANY (ARRAY['f32'::text, 'tf32'::text, 'f32x'::text, 'bf16'::text, 'fp16'::text]))),
    CONSTRAINT segmentation_threshold_check CHECK (((threshold >= (0)::double precision) AND (threshold <= (1)::double precision)))
);

ALTER TABLE sg.segmentation OWNER TO sg_owner;

ALTER TABLE sg.segmentation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.segmentation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.session (
    id bigint NOT NULL,
    token_hash bytea NOT NULL,
    account_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT session_token_hash_check CHECK ((length(token_hash) = 32))
);

ALTER TABLE sg.session OWNER TO sg_owner;

ALTER TABLE sg.session ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.study (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    patient_id bigint NOT NULL,
    department_id bigint NOT NULL,
    description text NOT NULL,
    study_date date DEFAULT CURRENT_DATE NOT NULL,
    created_by bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT study_description_check CHECK ((length(description) <= 200))
);

ALTER TABLE sg.study OWNER TO sg_owner;

ALTER TABLE sg.study ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.study_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.upload (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    account_id bigint NOT NULL,
    file_name text NOT NULL,
    bytes bigint NOT NULL,
    received bigint DEFAULT 0 NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    sha256 bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT upload_bytes_check CHECK ((bytes >= 0)),
    CONSTRAINT upload_check CHECK (((received >= 0) AND (received <= bytes))),
    CONSTRAINT upload_check1 CHECK (((state = 'done'::text) = (sha256 IS NOT NULL))),
    CONSTRAINT upload_file_name_check CHECK (((length(file_name) >= 1) AND (length(file_name) <= 255))),
    CONSTRAINT upload_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'ended'::text])))
);

ALTER TABLE sg.upload OWNER TO sg_owner;

ALTER TABLE sg.upload ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.upload_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW sg.upload_volume WITH (security_barrier='true') AS
 SELECT upload.account_id,
    upload.bytes,
    upload.state,
    upload.created_at
   FROM sg.upload
  WHERE ((sg.acting_role() = 'admin'::text) OR (CURRENT_USER = 'sg_audit'::name));

ALTER TABLE sg.upload_volume OWNER TO sg_owner;

CREATE TABLE sg.user_queue (
    account_id bigint NOT NULL,
    class text NOT NULL,
    last_claim bigint DEFAULT 0 NOT NULL
);

ALTER TABLE sg.user_queue OWNER TO sg_owner;

CREATE TABLE sg.version (
    id bigint NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id bigint NOT NULL,
    number integer NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    onnx_sha bytea NOT NULL,
    meta jsonb NOT NULL,
    default_threshold double precision DEFAULT 0.5 NOT NULL,
    approved_by bigint,
    approved_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT version_default_threshold_check CHECK (((default_threshold >= (0)::double precision) AND (default_threshold <= (1)::double precision))),
    CONSTRAINT version_number_check CHECK ((number > 0)),
    CONSTRAINT version_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'testing'::text, 'approved'::text, 'withdrawn'::text])))
);

ALTER TABLE sg.version OWNER TO sg_owner;

ALTER TABLE sg.version ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sg.version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sg.worker (
    name text NOT NULL,
    class text NOT NULL,
    slots integer NOT NULL,
    software text NOT NULL,
    device text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE sg.worker OWNER TO sg_owner;

ALTER TABLE ONLY sg.account
    ADD CONSTRAINT account_login_key UNIQUE (login);

ALTER TABLE ONLY sg.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.account
    ADD CONSTRAINT account_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.audit_pending
    ADD CONSTRAINT audit_pending_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY sg.audit_seal
    ADD CONSTRAINT audit_seal_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY sg.audit_seal
    ADD CONSTRAINT audit_seal_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY sg.blob
    ADD CONSTRAINT blob_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY sg.department
    ADD CONSTRAINT department_name_key UNIQUE (name);

ALTER TABLE ONLY sg.department
    ADD CONSTRAINT department_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.department
    ADD CONSTRAINT department_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_account_id_idem_key_key UNIQUE (account_id, idem_key);

ALTER TABLE ONLY sg.job_event
    ADD CONSTRAINT job_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.model
    ADD CONSTRAINT model_name_key UNIQUE (name);

ALTER TABLE ONLY sg.model
    ADD CONSTRAINT model_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.model
    ADD CONSTRAINT model_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.patient
    ADD CONSTRAINT patient_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.patient
    ADD CONSTRAINT patient_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.result_blob
    ADD CONSTRAINT result_blob_pkey PRIMARY KEY (job_id, role);

ALTER TABLE ONLY sg.result
    ADD CONSTRAINT result_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_job_id_key UNIQUE (job_id);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.session
    ADD CONSTRAINT session_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY sg.study
    ADD CONSTRAINT study_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.study
    ADD CONSTRAINT study_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.upload
    ADD CONSTRAINT upload_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.upload
    ADD CONSTRAINT upload_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.user_queue
    ADD CONSTRAINT user_queue_pkey PRIMARY KEY (account_id, class);

ALTER TABLE ONLY sg.version
    ADD CONSTRAINT version_model_id_number_key UNIQUE (model_id, number);

ALTER TABLE ONLY sg.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sg.version
    ADD CONSTRAINT version_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY sg.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (name);

CREATE INDEX account_department ON sg.account USING btree (department_id);

CREATE INDEX job_account_revision ON sg.job USING btree (account_id, revision);

CREATE INDEX job_event_job ON sg.job_event USING btree (job_id);

CREATE INDEX job_event_token ON sg.job_event USING btree (token) WHERE (token IS NOT NULL);

CREATE INDEX job_queued ON sg.job USING btree (class, account_id, priority, id) WHERE (state = 'queued'::text);

CREATE INDEX job_revision ON sg.job USING btree (revision);

CREATE INDEX job_running ON sg.job USING btree (lease_expires_at) WHERE (state = 'running'::text);

CREATE INDEX job_scan ON sg.job USING btree (scan_id);

CREATE INDEX job_turnaround ON sg.job USING btree (kind, version_id, finished_at DESC) WHERE (state = 'succeeded'::text);

CREATE UNIQUE INDEX patient_code ON sg.patient USING btree (department_id, code) WHERE (deleted_at IS NULL);

CREATE INDEX scan_study ON sg.scan USING btree (study_id) WHERE (deleted_at IS NULL);

CREATE INDEX segmentation_scan ON sg.segmentation USING btree (scan_id) WHERE (deleted_at IS NULL);

CREATE INDEX session_account ON sg.session USING btree (account_id) WHERE (ended_at IS NULL);

CREATE INDEX study_patient ON sg.study USING btree (patient_id) WHERE (deleted_at IS NULL);

CREATE INDEX study_recent ON sg.study USING btree (department_id, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX upload_account ON sg.upload USING btree (account_id, state);

CREATE INDEX upload_open ON sg.upload USING btree (changed_at) WHERE (state = 'open'::text);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON sg.audit_event FOR EACH STATEMENT EXECUTE FUNCTION sg.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON sg.audit_seal FOR EACH STATEMENT EXECUTE FUNCTION sg.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON sg.job_event FOR EACH STATEMENT EXECUTE FUNCTION sg.refuse_change();

CREATE TRIGGER arrived AFTER INSERT ON sg.audit_event FOR EACH ROW EXECUTE FUNCTION sg.audit_arrived();

CREATE TRIGGER ended AFTER UPDATE OF state ON sg.job FOR EACH ROW WHEN (((old.state = ANY (ARRAY['queued'::text, 'running'::text])) AND (new.state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text, 'dead'::text])))) EXECUTE FUNCTION sg.job_ended();

CREATE TRIGGER guard BEFORE UPDATE ON sg.job FOR EACH ROW EXECUTE FUNCTION sg.job_guard();

ALTER TABLE ONLY sg.account
    ADD CONSTRAINT account_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.account
    ADD CONSTRAINT account_department_id_fkey FOREIGN KEY (department_id) REFERENCES sg.department(id);

ALTER TABLE ONLY sg.audit_seal
    ADD CONSTRAINT audit_seal_event_id_fkey FOREIGN KEY (event_id) REFERENCES sg.audit_event(id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_account_id_fkey FOREIGN KEY (account_id) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_cancel_by_fkey FOREIGN KEY (cancel_by) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_department_id_fkey FOREIGN KEY (department_id) REFERENCES sg.department(id);

ALTER TABLE ONLY sg.job_event
    ADD CONSTRAINT job_event_job_id_fkey FOREIGN KEY (job_id) REFERENCES sg.job(id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_input_sha_fkey FOREIGN KEY (input_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_model_sha_fkey FOREIGN KEY (model_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_retry_of_fkey FOREIGN KEY (retry_of) REFERENCES sg.job(id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_scan_id_fkey FOREIGN KEY (scan_id) REFERENCES sg.scan(id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_segmentation_id_fkey FOREIGN KEY (segmentation_id) REFERENCES sg.segmentation(id);

ALTER TABLE ONLY sg.job
    ADD CONSTRAINT job_version_id_fkey FOREIGN KEY (version_id) REFERENCES sg.version(id);

ALTER TABLE ONLY sg.patient
    ADD CONSTRAINT patient_created_by_fkey FOREIGN KEY (created_by) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.patient
    ADD CONSTRAINT patient_department_id_fkey FOREIGN KEY (department_id) REFERENCES sg.department(id);

ALTER TABLE ONLY sg.result_blob
    ADD CONSTRAINT result_blob_job_id_fkey FOREIGN KEY (job_id) REFERENCES sg.result(job_id);

ALTER TABLE ONLY sg.result_blob
    ADD CONSTRAINT result_blob_sha256_fkey FOREIGN KEY (sha256) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.result
    ADD CONSTRAINT result_input_sha_fkey FOREIGN KEY (input_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.result
    ADD CONSTRAINT result_job_id_fkey FOREIGN KEY (job_id) REFERENCES sg.job(id);

ALTER TABLE ONLY sg.result
    ADD CONSTRAINT result_model_sha_fkey FOREIGN KEY (model_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_created_by_fkey FOREIGN KEY (created_by) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_department_id_fkey FOREIGN KEY (department_id) REFERENCES sg.department(id);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_image_sha_fkey FOREIGN KEY (image_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_original_sha_fkey FOREIGN KEY (original_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_study_id_fkey FOREIGN KEY (study_id) REFERENCES sg.study(id);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_thumbnail_sha_fkey FOREIGN KEY (thumbnail_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.scan
    ADD CONSTRAINT scan_volume_sha_fkey FOREIGN KEY (volume_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_department_id_fkey FOREIGN KEY (department_id) REFERENCES sg.department(id);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_job_id_fkey FOREIGN KEY (job_id) REFERENCES sg.job(id);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_mask_sha_fkey FOREIGN KEY (mask_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_probability_sha_fkey FOREIGN KEY (probability_sha) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_scan_id_fkey FOREIGN KEY (scan_id) REFERENCES sg.scan(id);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_threshold_by_fkey FOREIGN KEY (threshold_by) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.segmentation
    ADD CONSTRAINT segmentation_version_id_fkey FOREIGN KEY (version_id) REFERENCES sg.version(id);

ALTER TABLE ONLY sg.session
    ADD CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.study
    ADD CONSTRAINT study_created_by_fkey FOREIGN KEY (created_by) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.study
    ADD CONSTRAINT study_department_id_fkey FOREIGN KEY (department_id) REFERENCES sg.department(id);

ALTER TABLE ONLY sg.study
    ADD CONSTRAINT study_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES sg.patient(id);

ALTER TABLE ONLY sg.upload
    ADD CONSTRAINT upload_account_id_fkey FOREIGN KEY (account_id) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.upload
    ADD CONSTRAINT upload_sha256_fkey FOREIGN KEY (sha256) REFERENCES sg.blob(sha256);

ALTER TABLE ONLY sg.user_queue
    ADD CONSTRAINT user_queue_account_id_fkey FOREIGN KEY (account_id) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.version
    ADD CONSTRAINT version_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES sg.account(id);

ALTER TABLE ONLY sg.version
    ADD CONSTRAINT version_model_id_fkey FOREIGN KEY (model_id) REFERENCES sg.model(id);

ALTER TABLE ONLY sg.version
    ADD CONSTRAINT version_onnx_sha_fkey FOREIGN KEY (onnx_sha) REFERENCES sg.blob(sha256);

ALTER TABLE sg.account ENABLE ROW LEVEL SECURITY;

CREATE POLICY api_change ON sg.account FOR UPDATE TO sg_api USING ((id = ( SELECT sg.acting_account() AS acting_account))) WITH CHECK ((id = ( SELECT sg.acting_account() AS acting_account)));

CREATE POLICY api_department ON sg.patient TO sg_api USING (((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department)))) WITH CHECK (((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department))));

CREATE POLICY api_department ON sg.scan TO sg_api USING (((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department)))) WITH CHECK (((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department)) AND (EXISTS ( SELECT
   FROM sg.study s
  WHERE ((s.id = scan.study_id) AND (s.department_id = scan.department_id))))));

CREATE POLICY api_department ON sg.segmentation TO sg_api USING (((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department)))) WITH CHECK (((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department))));

CREATE POLICY api_department ON sg.study TO sg_api USING (((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department)))) WITH CHECK (((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department)) AND (EXISTS ( SELECT
   FROM sg.patient p
  WHERE ((p.id = study.patient_id) AND (p.department_id = study.department_id))))));

CREATE POLICY api_own ON sg.upload TO sg_api USING ((account_id = ( SELECT sg.acting_account() AS acting_account))) WITH CHECK ((account_id = ( SELECT sg.acting_account() AS acting_account)));

CREATE POLICY api_read ON sg.account FOR SELECT TO sg_api USING (((id = ( SELECT sg.acting_account() AS acting_account)) OR (( SELECT sg.acting_role() AS acting_role) = 'admin'::text)));

CREATE POLICY api_read ON sg.blob FOR SELECT TO sg_api USING ((( SELECT sg.acting_account() AS acting_account) IS NOT NULL));

CREATE POLICY api_read ON sg.department FOR SELECT TO sg_api USING (true);

CREATE POLICY api_read ON sg.job FOR SELECT TO sg_api USING (((account_id = ( SELECT sg.acting_account() AS acting_account)) OR (( SELECT sg.acting_role() AS acting_role) = 'admin'::text) OR ((( SELECT sg.acting_role() AS acting_role) = 'doctor'::text) AND (department_id = ( SELECT sg.acting_department() AS acting_department)))));

CREATE POLICY api_read ON sg.model FOR SELECT TO sg_api USING ((( SELECT sg.acting_account() AS acting_account) IS NOT NULL));

CREATE POLICY api_read ON sg.result FOR SELECT TO sg_api USING ((EXISTS ( SELECT
   FROM sg.job j
  WHERE (j.id = result.job_id))));

CREATE POLICY api_read ON sg.result_blob FOR SELECT TO sg_api USING ((EXISTS ( SELECT
   FROM sg.job j
  WHERE (j.id = result_blob.job_id))));

CREATE POLICY api_read ON sg.version FOR SELECT TO sg_api USING ((( SELECT sg.acting_account() AS acting_account) IS NOT NULL));

CREATE POLICY api_read ON sg.worker FOR SELECT TO sg_api USING ((( SELECT sg.acting_account() AS acting_account) IS NOT NULL));

ALTER TABLE sg.audit_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.audit_pending ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit_read ON sg.account FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.audit_event FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.audit_seal FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.blob FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.department FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.job FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.job_event FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.model FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.result FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.result_blob FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.version FOR SELECT TO sg_audit USING (true);

CREATE POLICY audit_read ON sg.worker FOR SELECT TO sg_audit USING (true);

ALTER TABLE sg.audit_seal ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.blob ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.department ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.job ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.job_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.model ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.patient ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.result ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.result_blob ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.scan ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.segmentation ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.session ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.study ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.upload ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.user_queue ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.version ENABLE ROW LEVEL SECURITY;

ALTER TABLE sg.worker ENABLE ROW LEVEL SECURITY;

CREATE POLICY worker_department ON sg.scan TO sg_worker USING ((department_id = ( SELECT sg.acting_department() AS acting_department))) WITH CHECK ((department_id = ( SELECT sg.acting_department() AS acting_department)));

CREATE POLICY worker_department ON sg.segmentation TO sg_worker USING ((department_id = ( SELECT sg.acting_department() AS acting_department))) WITH CHECK (((department_id = ( SELECT sg.acting_department() AS acting_department)) AND (EXISTS ( SELECT
   FROM sg.scan s
  WHERE ((s.id = segmentation.scan_id) AND (s.department_id = segmentation.department_id))))));

CREATE POLICY worker_read ON sg.blob FOR SELECT TO sg_worker USING (true);

CREATE POLICY worker_read ON sg.model FOR SELECT TO sg_worker USING (true);

CREATE POLICY worker_read ON sg.version FOR SELECT TO sg_worker USING (true);

GRANT USAGE ON SCHEMA sg TO sg_api;
GRANT USAGE ON SCHEMA sg TO sg_worker;
GRANT USAGE ON SCHEMA sg TO sg_audit;
GRANT USAGE ON SCHEMA sg TO sg_backup;

REVOKE ALL ON FUNCTION sg.account_key(p_account bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.account_set_state(p_public uuid, p_state text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.account_set_state(p_public uuid, p_state text) TO sg_api;

REVOKE ALL ON FUNCTION sg.acting_account() FROM PUBLIC;
GRANT ALL ON FUNCTION sg.acting_account() TO sg_api;
GRANT ALL ON FUNCTION sg.acting_account() TO sg_worker;
GRANT ALL ON FUNCTION sg.acting_account() TO sg_audit;
GRANT ALL ON FUNCTION sg.acting_account() TO sg_backup;

REVOKE ALL ON FUNCTION sg.acting_department() FROM PUBLIC;
GRANT ALL ON FUNCTION sg.acting_department() TO sg_api;
GRANT ALL ON FUNCTION sg.acting_department() TO sg_worker;
GRANT ALL ON FUNCTION sg.acting_department() TO sg_audit;
GRANT ALL ON FUNCTION sg.acting_department() TO sg_backup;

REVOKE ALL ON FUNCTION sg.acting_owner() FROM PUBLIC;
GRANT ALL ON FUNCTION sg.acting_owner() TO sg_api;
GRANT ALL ON FUNCTION sg.acting_owner() TO sg_worker;
GRANT ALL ON FUNCTION sg.acting_owner() TO sg_audit;
GRANT ALL ON FUNCTION sg.acting_owner() TO sg_backup;

REVOKE ALL ON FUNCTION sg.acting_role() FROM PUBLIC;
GRANT ALL ON FUNCTION sg.acting_role() TO sg_api;
GRANT ALL ON FUNCTION sg.acting_role() TO sg_worker;
GRANT ALL ON FUNCTION sg.acting_role() TO sg_audit;
GRANT ALL ON FUNCTION sg.acting_role() TO sg_backup;

REVOKE ALL ON FUNCTION sg.audit(p_action text, p_object_kind text, p_object_id uuid, p_detail jsonb, p_request text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.audit(p_action text, p_object_kind text, p_object_id uuid, p_detail jsonb, p_request text) TO sg_api;

REVOKE ALL ON FUNCTION sg.audit_arrived() FROM PUBLIC;

GRANT SELECT ON TABLE sg.audit_event TO sg_audit;

REVOKE ALL ON FUNCTION sg.audit_text(e sg.audit_event) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.audit_text(e sg.audit_event) TO sg_audit;

REVOKE ALL ON FUNCTION sg.audit_hash(p_before bytea, e sg.audit_event) FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.audit_seal(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.audit_seal(p_limit integer) TO sg_worker;

REVOKE ALL ON FUNCTION sg.audit_verify(OUT broken_seq bigint, OUT sealed bigint, OUT unsealed bigint, OUT head_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.audit_verify(OUT broken_seq bigint, OUT sealed bigint, OUT unsealed bigint, OUT head_hash bytea) TO sg_audit;

REVOKE ALL ON FUNCTION sg.beat(p_id bigint, p_token bigint, p_lease interval, p_progress double precision, p_stage text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.beat(p_id bigint, p_token bigint, p_lease interval, p_progress double precision, p_stage text) TO sg_worker;

REVOKE ALL ON FUNCTION sg.blob_add(p_sha256 bytea, p_bytes bigint, p_kind text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.blob_add(p_sha256 bytea, p_bytes bigint, p_kind text) TO sg_api;
GRANT ALL ON FUNCTION sg.blob_add(p_sha256 bytea, p_bytes bigint, p_kind text) TO sg_worker;

REVOKE ALL ON FUNCTION sg.cancel(p_job uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.cancel(p_job uuid) TO sg_api;

REVOKE ALL ON FUNCTION sg.claim(p_class text, p_worker text, p_lease interval, p_cap integer) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.claim(p_class text, p_worker text, p_lease interval, p_cap integer) TO sg_worker;

REVOKE ALL ON FUNCTION sg.crash(p_id bigint, p_token bigint, p_worker text, p_note text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.crash(p_id bigint, p_token bigint, p_worker text, p_note text) TO sg_worker;

REVOKE ALL ON FUNCTION sg.enqueue(p_kind text, p_idem_key text, p_params jsonb, p_scan bigint, p_version bigint, p_segmentation bigint, p_input_sha bytea, p_model_sha bytea, p_priority integer, p_class text, p_retry_of bigint, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.enqueue(p_kind text, p_idem_key text, p_params jsonb, p_scan bigint, p_version bigint, p_segmentation bigint, p_input_sha bytea, p_model_sha bytea, p_priority integer, p_class text, p_retry_of bigint, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) TO sg_api;

REVOKE ALL ON FUNCTION sg.fail(p_state text, p_id text, p_sentence text) FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.finish(p_id bigint, p_token bigint, p_state text, p_error_code text, p_error_text text, p_worker text, p_result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.finish(p_id bigint, p_token bigint, p_state text, p_error_code text, p_error_text text, p_worker text, p_result jsonb) TO sg_worker;

REVOKE ALL ON FUNCTION sg.give_back(p_id bigint, p_token bigint, p_counted boolean, p_delay interval, p_worker text, p_note text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.give_back(p_id bigint, p_token bigint, p_counted boolean, p_delay interval, p_worker text, p_note text) TO sg_worker;

REVOKE ALL ON FUNCTION sg.invariants(p_drained boolean, p_cap integer) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.invariants(p_drained boolean, p_cap integer) TO sg_audit;

REVOKE ALL ON FUNCTION sg.janitor(p_age interval) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.janitor(p_age interval) TO sg_worker;

REVOKE ALL ON FUNCTION sg.job_backoff(p_attempt integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.job_ended() FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.job_expected_s(p_kind text, p_version bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.job_expected_s(p_kind text, p_version bigint) TO sg_api;

REVOKE ALL ON FUNCTION sg.job_guard() FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.job_insert(p_account bigint, p_department bigint, p_kind text, p_idem_key text, p_params jsonb, p_scan bigint, p_version bigint, p_segmentation bigint, p_input_sha bytea, p_model_sha bytea, p_priority integer, p_class text, p_retry_of bigint, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.job_lock(p_id bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.job_note(p_job bigint, p_kind text, p_token bigint, p_worker text, p_note text) FROM PUBLIC;

GRANT SELECT ON TABLE sg.job TO sg_api;
GRANT SELECT ON TABLE sg.job TO sg_audit;

REVOKE ALL ON FUNCTION sg.job_of(p_job uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.job_places() FROM PUBLIC;
GRANT ALL ON FUNCTION sg.job_places() TO sg_api;

REVOKE ALL ON FUNCTION sg.job_release(p_id bigint, p_kind text, p_delay interval, p_worker text, p_note text, p_error_code text, p_error_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.jobs_shown(p_ids bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.jobs_shown(p_ids bigint[]) TO sg_api;

REVOKE ALL ON FUNCTION sg.login_done(p_account bigint, p_ok boolean, p_request text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.login_done(p_account bigint, p_ok boolean, p_request text) TO sg_api;

REVOKE ALL ON FUNCTION sg.login_lookup(p_login text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.login_lookup(p_login text) TO sg_api;

REVOKE ALL ON FUNCTION sg.login_still(p_account bigint, p_password_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.login_still(p_account bigint, p_password_hash text) TO sg_api;

REVOKE ALL ON FUNCTION sg.password_set(p_account bigint, p_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.password_set(p_account bigint, p_hash text) TO sg_api;

REVOKE ALL ON FUNCTION sg.refuse_change() FROM PUBLIC;

REVOKE ALL ON FUNCTION sg.register(p_login text, p_name text, p_post text, p_department uuid, p_role text, p_password_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.register(p_login text, p_name text, p_post text, p_department uuid, p_role text, p_password_hash text) TO sg_api;

REVOKE ALL ON FUNCTION sg.retry(p_job uuid, p_idem_key text, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.retry(p_job uuid, p_idem_key text, p_quota integer, OUT id bigint, OUT public_id uuid, OUT class text, OUT fresh boolean) TO sg_api;

REVOKE ALL ON FUNCTION sg.session_check(p_token_hash bytea, p_idle_s integer, p_touch boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.session_check(p_token_hash bytea, p_idle_s integer, p_touch boolean) TO sg_api;

REVOKE ALL ON FUNCTION sg.session_end(p_token_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.session_end(p_token_hash bytea) TO sg_api;

REVOKE ALL ON FUNCTION sg.session_end_all(p_account bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.session_end_all(p_account bigint) TO sg_api;

REVOKE ALL ON FUNCTION sg.session_open(p_account bigint, p_token_hash bytea, p_idle_s integer, p_absolute_s integer) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.session_open(p_account bigint, p_token_hash bytea, p_idle_s integer, p_absolute_s integer) TO sg_api;

REVOKE ALL ON FUNCTION sg.sweep(p_class text, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.sweep(p_class text, p_lease interval) TO sg_worker;

REVOKE ALL ON FUNCTION sg.upload_expire(p_age interval) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.upload_expire(p_age interval) TO sg_worker;

REVOKE ALL ON FUNCTION sg.worker_seen(p_name text, p_class text, p_slots integer, p_software text, p_device text) FROM PUBLIC;
GRANT ALL ON FUNCTION sg.worker_seen(p_name text, p_class text, p_slots integer, p_software text, p_device text) TO sg_worker;

GRANT SELECT(id) ON TABLE sg.account TO sg_api;
GRANT SELECT(id) ON TABLE sg.account TO sg_audit;

GRANT SELECT(public_id) ON TABLE sg.account TO sg_api;
GRANT SELECT(public_id) ON TABLE sg.account TO sg_audit;

GRANT SELECT(login) ON TABLE sg.account TO sg_api;
GRANT SELECT(login) ON TABLE sg.account TO sg_audit;

GRANT SELECT(name) ON TABLE sg.account TO sg_api;
GRANT SELECT(name) ON TABLE sg.account TO sg_audit;

GRANT SELECT(post) ON TABLE sg.account TO sg_api;
GRANT SELECT(post) ON TABLE sg.account TO sg_audit;

GRANT SELECT(role) ON TABLE sg.account TO sg_api;
GRANT SELECT(role) ON TABLE sg.account TO sg_audit;

GRANT SELECT(department_id) ON TABLE sg.account TO sg_api;
GRANT SELECT(department_id) ON TABLE sg.account TO sg_audit;

GRANT SELECT(state) ON TABLE sg.account TO sg_api;
GRANT SELECT(state) ON TABLE sg.account TO sg_audit;

GRANT SELECT(language),UPDATE(language) ON TABLE sg.account TO sg_api;

GRANT SELECT(created_at) ON TABLE sg.account TO sg_api;
GRANT SELECT(created_at) ON TABLE sg.account TO sg_audit;

GRANT SELECT(approved_by) ON TABLE sg.account TO sg_api;
GRANT SELECT(approved_by) ON TABLE sg.account TO sg_audit;

GRANT SELECT(approved_at) ON TABLE sg.account TO sg_api;
GRANT SELECT(approved_at) ON TABLE sg.account TO sg_audit;

GRANT SELECT ON TABLE sg.audit_seal TO sg_audit;

GRANT SELECT ON TABLE sg.blob TO sg_api;
GRANT SELECT ON TABLE sg.blob TO sg_worker;
GRANT SELECT ON TABLE sg.blob TO sg_audit;

GRANT SELECT ON TABLE sg.department TO sg_api;
GRANT SELECT ON TABLE sg.department TO sg_audit;

GRANT SELECT ON TABLE sg.job_event TO sg_audit;

GRANT SELECT ON TABLE sg.model TO sg_api;
GRANT SELECT ON TABLE sg.model TO sg_worker;
GRANT SELECT ON TABLE sg.model TO sg_audit;

GRANT SELECT,INSERT ON TABLE sg.patient TO sg_api;

GRANT UPDATE(code) ON TABLE sg.patient TO sg_api;

GRANT UPDATE(name) ON TABLE sg.patient TO sg_api;

GRANT UPDATE(birth_date) ON TABLE sg.patient TO sg_api;

GRANT UPDATE(sex) ON TABLE sg.patient TO sg_api;

GRANT UPDATE(deleted_at) ON TABLE sg.patient TO sg_api;

GRANT SELECT ON TABLE sg.result TO sg_api;
GRANT SELECT ON TABLE sg.result TO sg_audit;

GRANT SELECT ON TABLE sg.result_blob TO sg_api;
GRANT SELECT ON TABLE sg.result_blob TO sg_audit;

GRANT SELECT,INSERT ON TABLE sg.scan TO sg_api;
GRANT SELECT ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(state) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(kind) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(volume_sha) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(image_sha) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(thumbnail_sha) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(width) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(height) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(depth) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(phases) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(channels) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(spacing_mm) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(report) ON TABLE sg.scan TO sg_worker;

GRANT UPDATE(deleted_at) ON TABLE sg.scan TO sg_api;

GRANT SELECT ON TABLE sg.segmentation TO sg_api;
GRANT SELECT,INSERT ON TABLE sg.segmentation TO sg_worker;

GRANT UPDATE(threshold) ON TABLE sg.segmentation TO sg_api;

GRANT UPDATE(threshold_by) ON TABLE sg.segmentation TO sg_api;

GRANT UPDATE(threshold_at) ON TABLE sg.segmentation TO sg_api;

GRANT UPDATE(mask_sha) ON TABLE sg.segmentation TO sg_worker;

GRANT UPDATE(mask_threshold) ON TABLE sg.segmentation TO sg_worker;

GRANT UPDATE(labels) ON TABLE sg.segmentation TO sg_worker;

GRANT UPDATE(flags) ON TABLE sg.segmentation TO sg_worker;

GRANT UPDATE(deleted_at) ON TABLE sg.segmentation TO sg_api;

GRANT SELECT,INSERT ON TABLE sg.study TO sg_api;

GRANT UPDATE(description) ON TABLE sg.study TO sg_api;

GRANT UPDATE(study_date) ON TABLE sg.study TO sg_api;

GRANT UPDATE(deleted_at) ON TABLE sg.study TO sg_api;

GRANT SELECT,INSERT ON TABLE sg.upload TO sg_api;

GRANT UPDATE(received) ON TABLE sg.upload TO sg_api;

GRANT UPDATE(state) ON TABLE sg.upload TO sg_api;

GRANT UPDATE(sha256) ON TABLE sg.upload TO sg_api;

GRANT UPDATE(changed_at) ON TABLE sg.upload TO sg_api;

GRANT SELECT ON TABLE sg.upload_volume TO sg_api;
GRANT SELECT ON TABLE sg.upload_volume TO sg_audit;

GRANT SELECT ON TABLE sg.version TO sg_api;
GRANT SELECT ON TABLE sg.version TO sg_worker;
GRANT SELECT ON TABLE sg.version TO sg_audit;

GRANT SELECT ON TABLE sg.worker TO sg_api;
GRANT SELECT ON TABLE sg.worker TO sg_audit;

