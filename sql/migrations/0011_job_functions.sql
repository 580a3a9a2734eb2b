-- Jobs as people see them: enqueue, cancel, retry, the place in the queue, the time to expect;
-- and the triggers that hold for every way a job can change. See doc/jobs.md.
create index job_turnaround on sg.job (kind, version_id, finished_at desc) where state = 'succeeded';
create index job_event_token on sg.job_event (token) where token is not null;

create function sg.job_note(p_job bigint, p_kind text, p_token bigint, p_worker text, p_note text)
returns void
language sql as $$
  insert into sg.job_event (job_id, kind, token, worker, note)
  values (p_job, p_kind, p_token, p_worker, p_note);
$$;

-- Ended states never change, and neither does what a job is.
create function sg.job_guard() returns trigger
language plpgsql as $$
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
create trigger guard before update on sg.job for each row execute function sg.job_guard();

-- However a job ends: a scan whose ingest did not succeed is refused, and the end is an audit
-- event of the system, unless a person's request ended it (that request has its own event).
create function sg.job_ended() returns trigger
language plpgsql security definer set search_path = sg, pg_temp as $$
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
create trigger ended after update of state on sg.job for each row
  when (old.state in ('queued', 'running') and new.state in ('succeeded', 'failed', 'cancelled', 'dead'))
  execute function sg.job_ended();

-- The one way a job row is made. Returns the first row made under the key when it is repeated;
-- the same key for another job is refused.
create function sg.job_insert(p_account bigint, p_department bigint, p_kind text, p_idem_key text,
  p_params jsonb, p_scan bigint, p_version bigint, p_segmentation bigint, p_input_sha bytea,
  p_model_sha bytea, p_priority int, p_class text, p_retry_of bigint, p_quota int,
  out id bigint, out public_id uuid, out class text, out fresh boolean)
language plpgsql set search_path = sg, pg_temp as $$
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

-- Ask for a job in the name of the acting account. The scan must be of the acting department,
-- the version approved. class null: any for segment, else cpu. Priority null: 5. After commit
-- the caller rings Redis for (id, class). Call it before changing rows that workers change too.
create function sg.enqueue(p_kind text, p_idem_key text, p_params jsonb, p_scan bigint, p_version bigint,
  p_segmentation bigint, p_input_sha bytea, p_model_sha bytea, p_priority int, p_class text,
  p_retry_of bigint, p_quota int default 1000,
  out id bigint, out public_id uuid, out class text, out fresh boolean)
language plpgsql security definer set search_path = sg, pg_temp as $$
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

-- The acting account's job, or any for an admin; SG404 job_absent otherwise.
create function sg.job_of(p_job uuid) returns sg.job
language plpgsql stable security definer set search_path = sg, pg_temp as $$
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

-- A waiting job ends at once; a running one is flagged and ends at its next beat, or by the
-- sweep when its worker is dead; an ended one stays as it is. Returns the state afterwards.
create function sg.cancel(p_job uuid) returns text
language plpgsql security definer set search_path = sg, pg_temp as $$
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

-- A new row for a job that failed, was cancelled or died; it belongs to the old one's account.
-- A scan that was refused is being read again.
create function sg.retry(p_job uuid, p_idem_key text, p_quota int default 1000,
  out id bigint, out public_id uuid, out class text, out fresh boolean)
language plpgsql security definer set search_path = sg, pg_temp as $$
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
  select r.id, r.public_id, r.class, r.fresh into id, public_id, class, fresh
    from sg.job_insert(j.account_id, j.department_id, j.kind, p_idem_key, j.params, j.scan_id,
           j.version_id, j.segmentation_id, j.input_sha, j.model_sha, j.priority, j.class, j.id,
           coalesce(p_quota, 1000)) r;
  if fresh and j.kind = 'ingest' then
    update sg.scan set state = 'ingesting', report = '[]' where id = j.scan_id and state = 'refused';
  end if;
end $$;

-- Where the acting account's waiting jobs stand: 1 is next. Accounts take turns, so a job that
-- is the n-th of its account waits for at most n jobs of each other account.
create function sg.job_places() returns table (job_id bigint, place bigint)
language sql stable security definer set search_path = sg, pg_temp as $$
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

-- Seconds such a job takes once it runs: the median of the newest 20; null when none is known.
create function sg.job_expected_s(p_kind text, p_version bigint) returns double precision
language sql stable security definer set search_path = sg, pg_temp as $$
  select percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at))
    from (select finished_at, started_at from sg.job
           where kind = p_kind and version_id is not distinct from p_version and state = 'succeeded'
           order by finished_at desc limit 20) newest;
$$;
