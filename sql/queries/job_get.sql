-- One job.
select json_build_object('id', j.public_id, 'kind', j.kind, 'state', j.state, 'progress', j.progress,
         'stage', j.stage, 'place', case when j.state = 'queued' then (select place from sg.job_places() where job_id = j.id) end,
         'expected_s', case when j.state in ('queued', 'running') then sg.job_expected_s(j.kind, j.version_id) end,
         'attempt', j.attempt,
         'error', case when j.error_code is not null
           then json_build_object('code', j.error_code, 'text', coalesce(j.error_text, '')) end,
         'scan', c.public_id, 'version', v.public_id, 'segmentation', g.public_id,
         'retry_of', o.public_id,
         'created_at', to_char(j.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'started_at', to_char(j.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'finished_at', to_char(j.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'revision', j.revision)::text
  from sg.job j
  left join sg.scan c on c.id = j.scan_id
  left join sg.version v on v.id = j.version_id
  left join lateral (select public_id from sg.segmentation g
       where g.id = j.segmentation_id or (j.segmentation_id is null and g.job_id = j.id) limit 1) g on true
  left join sg.job o on o.id = j.retry_of
 where j.id = $1::bigint;
