-- A scan this caller may touch: its study and patient are of his department, none is deleted.
select c.id from sg.scan c join sg.study s on s.id = c.study_id join sg.patient p on p.id = s.patient_id
 where c.public_id = $1::uuid and c.department_id = $3::bigint
   and c.deleted_at is null and s.deleted_at is null and p.deleted_at is null
   and $2::bigint > 0 and $4::text = 'doctor';
