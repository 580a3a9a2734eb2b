-- A segmentation with what a viewer and a reader of the record need.
select json_build_object('id', g.public_id, 'scan', c.public_id, 'job', j.public_id,
         'version', json_build_object('id', v.public_id, 'number', v.number, 'state', v.state),
         'model', json_build_object('id', m.public_id, 'name', m.name),
         'threshold', g.threshold, 'default_threshold', v.default_threshold,
         'mask_threshold', g.mask_threshold, 'width', c.width, 'height', c.height,
         'depth', c.depth, 'spacing_mm', to_json(c.spacing_mm), 'labels', g.labels,
         'histogram', to_json(g.histogram), 'device', g.device, 'precision', g.precision,
         'time_ms', g.time_ms,
         'queue_ms', round(extract(epoch from j.started_at - j.created_at) * 1000, 1),
         'flags', g.flags, 'model_sha256', encode(r.model_sha, 'hex'),
         'software', r.software, 'created_at', to_char(g.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text
  from sg.segmentation g
  join sg.scan c on c.id = g.scan_id
  join sg.version v on v.id = g.version_id
  join sg.model m on m.id = v.model_id
  join sg.job j on j.id = g.job_id
  left join sg.result r on r.job_id = g.job_id
 where g.id = $1::bigint;
