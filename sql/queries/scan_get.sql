-- A scan with its report and segmentations.
select json_build_object('id', c.public_id, 'study', s.public_id, 'state', c.state, 'kind', c.kind,
         'file_name', c.file_name, 'width', c.width, 'height', c.height, 'depth', c.depth,
         'phases', c.phases, 'channels', c.channels, 'spacing_mm', to_json(c.spacing_mm),
         'report', c.report,
         'segmentations', (select coalesce(json_agg(json_build_object('id', g.public_id, 'version', v.public_id,
             'model_name', m.name, 'threshold', g.threshold,
             'created_at', to_char(g.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by g.id desc), '[]')
           from sg.segmentation g join sg.version v on v.id = g.version_id join sg.model m on m.id = v.model_id
          where g.scan_id = c.id and g.deleted_at is null),
         'created_at', to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text
  from sg.scan c join sg.study s on s.id = c.study_id where c.id = $1::bigint;
