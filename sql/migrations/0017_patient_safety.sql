-- What a person does later is checked as what they do first: a retry asks for an approved version
-- and a scan that is still there; a log-in asks whether its password is still the one that was
-- proven; and a finished upload that nobody tied to a study is not kept for ever.
create or replace function sg.retry(p_job uuid, p_idem_key text, p_quota int default 1000,
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

-- Is the proven password hash still the account's? Holds the account's row until the transaction
-- ends, so that a new password either sees the session that follows or makes this fail.
create function sg.login_still(p_account bigint, p_password_hash text) returns void
language plpgsql security definer set search_path = sg, pg_temp as $$
begin
  perform from sg.account where id = p_account and password_hash = p_password_hash for no key update;
  if not found then
    perform sg.fail('SG403', 'login_wrong', 'The log-in name or the password is wrong.');
  end if;
end $$;
revoke execute on function sg.login_still(bigint, text) from public;
grant execute on function sg.login_still(bigint, text) to sg_api;

-- Hourly: end uploads nobody has added to, or tied to a study, for p_age; the caller deletes the
-- files of unfinished ones, the janitor blobs that nothing names any more.
create or replace function sg.upload_expire(p_age interval) returns table (public_id uuid)
language sql security definer set search_path = sg, pg_temp as $$
  update sg.upload set state = 'ended', sha256 = null, changed_at = now()
   where state in ('open', 'done') and changed_at < now() - p_age
  returning public_id;
$$;
