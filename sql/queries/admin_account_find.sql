-- The account of a login.
select id, public_id, state from sg.account where login = $1
