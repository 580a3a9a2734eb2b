-- Fails unless the hash that was proven ($2) is still that of the account ($1).
select sg.login_still($1::bigint, $2);
