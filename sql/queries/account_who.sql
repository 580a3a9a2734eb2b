-- Department and role of the acting account, right after its log-in.
select department_id, role from sg.account where id = sg.acting_account();
