-- A study this caller may touch: its patient is of his department, neither is deleted.
select s.id from sg.study s join sg.patient p on p.id = s.patient_id
 where s.public_id = $1::uuid and s.department_id = $3::bigint
   and s.deleted_at is null and p.deleted_at is null and $2::bigint > 0 and $4::text = 'doctor';
