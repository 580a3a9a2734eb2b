-- A scan was read: its blobs, geometry and report (one line per file, named as it was uploaded).
update sg.scan
   set state = 'ready', kind = $2, volume_sha = $3, image_sha = $4, thumbnail_sha = $5,
       width = $6::int, height = $7::int, depth = $8::int, phases = $9::int, channels = $10::int,
       spacing_mm = case when $11::boolean then array[$12, $13, $14]::double precision[] end,
       report = (select coalesce(jsonb_agg(line || jsonb_build_object('file', file_name) order by n), '[]')
                   from jsonb_array_elements($15::jsonb) with ordinality as l (line, n))
 where id = $1::bigint
