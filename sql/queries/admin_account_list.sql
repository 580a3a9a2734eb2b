-- Accounts, of one state when $1 is not null.
select a.login, a.name, a.role, d.name as department, a.state,
       to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD') as created, a.public_id as id
  from sg.account a join sg.department d on d.id = a.department_id
 where $1::text is null or a.state = $1
 order by a.login
