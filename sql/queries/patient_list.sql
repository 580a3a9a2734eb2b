-- Patients of the department, newest first: $1 part of name or code, $2 the last id of the page
-- before, $3 page size.
with page as (
  select p.* from sg.patient p
   where p.department_id = sg.acting_department() and p.deleted_at is null
     and ($1::text is null or strpos(lower(p.name), lower($1)) > 0 or strpos(lower(p.code), lower($1)) > 0)
     and ($2::uuid is null or p.id < (select id from sg.patient where public_id = $2
                                         and department_id = sg.acting_department()))
   order by p.id desc limit $3::int + 1
), numbered as (
  select *, row_number() over (order by id desc) as nth from page
)
select json_build_object(
         'items', coalesce(json_agg(json_build_object(
           'id', p.public_id, 'code', p.code, 'name', p.name, 'birth_date', p.birth_date,
           'sex', p.sex, 'studies', v.n, 'last_study_date', v.last) order by p.nth)
           filter (where p.nth <= $3::int), '[]'),
         'next', case when count(*) > $3::int
           then (select public_id from numbered where nth = $3::int) end)::text
  from numbered p
  left join lateral (select count(*) as n, max(study_date) as last from sg.study s
                      where s.patient_id = p.id and s.deleted_at is null) v on true;
