-- A scan could not be read: why, one line per file, named as it was uploaded.
update sg.scan
   set state = 'refused',
       report = (select coalesce(jsonb_agg(line || jsonb_build_object('file', file_name) order by n), '[]')
                   from jsonb_array_elements($2::jsonb) with ordinality as l (line, n))
 where id = $1::bigint and state in ('ingesting', 'refused')
