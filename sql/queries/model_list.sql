-- Models with their versions; doctors see those that ran or may run on patients.
select json_build_object('items', coalesce(json_agg(json_build_object('id', m.public_id,
         'name', m.name, 'organ', m.organ, 'modality', m.modality, 'dimension', m.dimension,
         'description', m.description, 'versions', w.items) order by m.name), '[]'), 'next', null)::text
  from sg.model m
  cross join lateral (
    select coalesce(json_agg(json_build_object('id', v.public_id, 'number', v.number, 'state', v.state,
             'default_threshold', v.default_threshold,
             'labels', coalesce(v.meta -> 'labels', v.meta -> 'output' -> 'labels', v.meta -> 'output' -> 'classes', '[]'),
             'created_at', to_char(v.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by v.number desc), '[]') as items
      from sg.version v
     where v.model_id = m.id
       and (v.state in ('approved', 'withdrawn') or sg.acting_role() in ('researcher', 'admin'))) w;
