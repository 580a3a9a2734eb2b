-- A new patient of the acting department; no row when the code is taken.
insert into sg.patient (department_id, code, name, birth_date, sex, created_by)
values (sg.acting_department(), $1::text, $2::text, $3::date, $4::text, sg.acting_account())
on conflict (department_id, code) where deleted_at is null do nothing
returning public_id, id;
