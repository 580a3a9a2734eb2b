-- A patient this caller may touch: of his department, not deleted.
select id from sg.patient
 where public_id = $1::uuid and department_id = $3::bigint and deleted_at is null
   and $2::bigint > 0 and $4::text = 'doctor';
