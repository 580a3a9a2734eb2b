-- Studies of the department, newest first: $1 the last id of the page before, $2 page size.
with page as (
  select s.*, p.public_id as patient_public, p.code, p.name
    from sg.study s join sg.patient p on p.id = s.patient_id
   where s.department_id = sg.acting_department() and s.deleted_at is null and p.deleted_at is null
     and ($1::uuid is null or s.id < (select id from sg.study where public_id = $1
                                         and department_id = sg.acting_department()))
   order by s.id desc limit $2::int + 1
), numbered as (
  select *, row_number() over (order by id desc) as nth from page
)
select json_build_object(
         'items', coalesce(json_agg(json_build_object('id', s.public_id, 'description', s.description,
           'study_date', s.study_date,
           'patient', json_build_object('id', s.patient_public, 'code', s.code, 'name', s.name),
           'scans', (select count(*) from sg.scan c where c.study_id = s.id and c.deleted_at is null),
           'created_at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by s.nth) filter (where s.nth <= $2::int), '[]'),
         'next', case when count(*) > $2::int
           then (select public_id from numbered where nth = $2::int) end)::text
  from numbered s;
