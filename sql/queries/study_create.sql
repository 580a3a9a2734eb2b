-- A new study of a patient ($1).
insert into sg.study (patient_id, department_id, description, study_date, created_by)
values ($1::bigint, sg.acting_department(), $2::text, coalesce($3::date, current_date), sg.acting_account())
returning public_id, id;
