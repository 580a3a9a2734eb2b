-- All departments with their accounts.
select d.public_id as id, d.name, count(a.id) as accounts
  from sg.department d left join sg.account a on a.department_id = d.id
 group by d.id order by d.name
