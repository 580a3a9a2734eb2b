-- A segmentation this caller may touch: nothing above it is deleted, all of his department.
select g.id from sg.segmentation g join sg.scan c on c.id = g.scan_id
  join sg.study s on s.id = c.study_id join sg.patient p on p.id = s.patient_id
 where g.public_id = $1::uuid and g.department_id = $3::bigint
   and g.deleted_at is null and c.deleted_at is null and s.deleted_at is null and p.deleted_at is null
   and $2::bigint > 0 and $4::text = 'doctor';
