-- A patient with his studies.
select json_build_object('id', p.public_id, 'code', p.code, 'name', p.name,
         'birth_date', p.birth_date, 'sex', p.sex, 'created_at', to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'studies', (select coalesce(json_agg(json_build_object('id', s.public_id,
             'description', s.description, 'study_date', s.study_date,
             'scans', (select count(*) from sg.scan c where c.study_id = s.id and c.deleted_at is null))
             order by s.study_date desc, s.id desc), '[]')
           from sg.study s where s.patient_id = p.id and s.deleted_at is null))::text
  from sg.patient p where p.id = $1::bigint;
