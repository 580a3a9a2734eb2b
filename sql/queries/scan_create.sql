-- A new scan of a study ($1) from an uploaded blob.
insert into sg.scan (study_id, department_id, file_name, original_sha, created_by)
values ($1::bigint, sg.acting_department(), $2::text, $3::bytea, sg.acting_account())
returning public_id, id;
