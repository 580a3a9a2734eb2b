-- Who may touch what: the second wall behind the programs' own checks. Every table has row
-- level security; without an acting account no row of a person, patient or job is seen.
-- Functions run as sg_owner, which the policies do not bind.
do $$
declare
  t regclass;
begin
  for t in select c.oid from pg_class c where c.relnamespace = 'sg'::regnamespace and c.relkind = 'r' loop
    execute format('alter table %s enable row level security', t);
  end loop;
end $$;

grant execute on function sg.acting_account(), sg.acting_department(), sg.acting_role(), sg.acting_owner()
  to sg_api, sg_worker, sg_audit, sg_backup;

-- The web. ----------------------------------------------------------------------------------
grant select on sg.department to sg_api;                  -- needed before one is logged in
create policy api_read on sg.department for select to sg_api using (true);

grant select (id, public_id, login, name, post, role, department_id, state, language, created_at,
              approved_by, approved_at), update (language) on sg.account to sg_api;
create policy api_read on sg.account for select to sg_api
  using (id = (select sg.acting_account()) or (select sg.acting_role()) = 'admin');
create policy api_change on sg.account for update to sg_api
  using (id = (select sg.acting_account())) with check (id = (select sg.acting_account()));

grant select on sg.blob to sg_api;
create policy api_read on sg.blob for select to sg_api using ((select sg.acting_account()) is not null);

grant select, insert, update (received, state, sha256, changed_at) on sg.upload to sg_api;
create policy api_own on sg.upload to sg_api
  using (account_id = (select sg.acting_account())) with check (account_id = (select sg.acting_account()));

-- Patients: doctors, of their own department. Deleted rows stay readable for the row's own
-- update; the queries leave them out.
grant select, insert, update (code, name, birth_date, sex, deleted_at) on sg.patient to sg_api;
create policy api_department on sg.patient to sg_api
  using ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department()))
  with check ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department()));

grant select, insert, update (description, study_date, deleted_at) on sg.study to sg_api;
create policy api_department on sg.study to sg_api
  using ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department()))
  with check ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department())
    and exists (select from sg.patient p where p.id = patient_id and p.department_id = study.department_id));

grant select, insert, update (deleted_at) on sg.scan to sg_api;
create policy api_department on sg.scan to sg_api
  using ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department()))
  with check ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department())
    and exists (select from sg.study s where s.id = study_id and s.department_id = scan.department_id));

grant select, update (threshold, threshold_by, threshold_at, deleted_at) on sg.segmentation to sg_api;
create policy api_department on sg.segmentation to sg_api
  using ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department()))
  with check ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department()));

grant select on sg.model, sg.version to sg_api;
create policy api_read on sg.model for select to sg_api using ((select sg.acting_account()) is not null);
create policy api_read on sg.version for select to sg_api using ((select sg.acting_account()) is not null);

-- Jobs: one's own; for doctors also the department's (a colleague's segmentation names its job);
-- all for an admin, who sees no patient in them.
grant select on sg.job, sg.result, sg.result_blob to sg_api;
create policy api_read on sg.job for select to sg_api
  using (account_id = (select sg.acting_account()) or (select sg.acting_role()) = 'admin'
    or ((select sg.acting_role()) = 'doctor' and department_id = (select sg.acting_department())));
create policy api_read on sg.result for select to sg_api
  using (exists (select from sg.job j where j.id = job_id));
create policy api_read on sg.result_blob for select to sg_api
  using (exists (select from sg.job j where j.id = job_id));

grant select on sg.worker to sg_api;
create policy api_read on sg.worker for select to sg_api using ((select sg.acting_account()) is not null);

grant execute on function
  sg.register(text, text, text, uuid, text, text), sg.login_lookup(text), sg.login_done(bigint, boolean, text),
  sg.session_open(bigint, bytea, int, int), sg.session_check(bytea, int, boolean), sg.session_end(bytea),
  sg.session_end_all(bigint), sg.password_set(bigint, text), sg.account_set_state(uuid, text),
  sg.audit(text, text, uuid, jsonb, text),
  sg.enqueue(text, text, jsonb, bigint, bigint, bigint, bytea, bytea, int, text, bigint, int),
  sg.cancel(uuid), sg.retry(uuid, text, int), sg.job_places(), sg.job_expected_s(text, bigint),
  sg.blob_add(bytea, bigint, text)
  to sg_api;

-- The worker: catalogue and blobs always; scans and segmentations only of the department it
-- acts for (sg.department of the claimed job). --------------------------------------------------
grant select on sg.blob, sg.model, sg.version to sg_worker;
create policy worker_read on sg.blob for select to sg_worker using (true);
create policy worker_read on sg.model for select to sg_worker using (true);
create policy worker_read on sg.version for select to sg_worker using (true);

grant select, update (state, kind, volume_sha, image_sha, thumbnail_sha, width, height, depth, phases,
                      channels, spacing_mm, report) on sg.scan to sg_worker;
create policy worker_department on sg.scan to sg_worker
  using (department_id = (select sg.acting_department()))
  with check (department_id = (select sg.acting_department()));

grant select, insert, update (mask_sha, mask_threshold, labels, flags) on sg.segmentation to sg_worker;
create policy worker_department on sg.segmentation to sg_worker
  using (department_id = (select sg.acting_department()))
  with check (department_id = (select sg.acting_department())
    and exists (select from sg.scan s where s.id = scan_id and s.department_id = segmentation.department_id));

grant execute on function
  sg.claim(text, text, interval, int), sg.beat(bigint, bigint, interval, double precision, text),
  sg.finish(bigint, bigint, text, text, text, text, jsonb), sg.crash(bigint, bigint, text, text),
  sg.give_back(bigint, bigint, boolean, interval, text, text), sg.sweep(text, interval),
  sg.worker_seen(text, text, int, text, text), sg.audit_seal(int), sg.blob_add(bytea, bigint, text),
  sg.janitor(interval), sg.upload_expire(interval)
  to sg_worker;

-- Reports and checks: no patient, no file name, no password. ------------------------------------
create view sg.upload_volume with (security_barrier) as   -- uploads without their names
  select account_id, bytes, state, created_at from sg.upload
   where sg.acting_role() = 'admin' or current_user = 'sg_audit';
grant select on sg.upload_volume to sg_api, sg_audit;

grant select (id, public_id, login, name, post, role, department_id, state, created_at, approved_by, approved_at)
  on sg.account to sg_audit;
grant select on sg.department, sg.model, sg.version, sg.job, sg.result, sg.result_blob, sg.job_event,
  sg.worker, sg.blob, sg.audit_event, sg.audit_seal to sg_audit;
do $$
declare
  t text;
begin
  foreach t in array array['account', 'department', 'model', 'version', 'job', 'result', 'result_blob',
    'job_event', 'worker', 'blob', 'audit_event', 'audit_seal'] loop
    execute format('create policy audit_read on sg.%I for select to sg_audit using (true)', t);
  end loop;
end $$;
grant execute on function sg.invariants(boolean, int), sg.audit_verify(), sg.audit_text(sg.audit_event)
  to sg_audit;
