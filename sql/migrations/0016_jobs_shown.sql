-- A job as everybody is shown it: the one shape of a single job and of lists. Runs with the
-- caller's rights, so row level security decides what is there.
create function sg.jobs_shown(p_ids bigint[]) returns table (id bigint, revision bigint, shown json)
language sql stable set search_path = sg, pg_temp as $$
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
revoke execute on function sg.jobs_shown(bigint[]) from public;
grant execute on function sg.jobs_shown(bigint[]) to sg_api;
