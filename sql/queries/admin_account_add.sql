-- An active account: login $1, name $2, post $3, role $4, department's name $5, password hash $6; no row when the login is taken or the department absent.
insert into sg.account (login, name, post, role, department_id, state, password_hash, approved_at)
select $1, $2, $3, $4, d.id, 'active', $6, now() from sg.department d where d.name = $5
on conflict (login) do nothing returning public_id
