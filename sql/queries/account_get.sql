-- One account for an admin.
select json_build_object(
         'id', a.public_id, 'login', a.login, 'name', a.name, 'post', a.post, 'role', a.role,
         'department', json_build_object('id', d.public_id, 'name', d.name), 'state', a.state,
         'created_at', to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text
  from sg.account a join sg.department d on d.id = a.department_id where a.id = $1::bigint;
