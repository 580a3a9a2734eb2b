-- Who holds this session.
select account_id, department_id, role, session_id from sg.session_check($1::bytea, $2::int, $3::boolean);
