-- The acting account, as JSON; its department id and role; its log-in name.
select a.public_id, json_build_object('id', a.public_id, 'login', a.login, 'name', a.name,
         'post', a.post, 'role', a.role,
         'department', json_build_object('id', d.public_id, 'name', d.name),
         'language', a.language)::text, a.login
  from sg.account a join sg.department d on d.id = a.department_id
 where a.id = sg.acting_account();
