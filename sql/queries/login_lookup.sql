-- What log-in needs to know about a name.
select account_id, password_hash, wait_s from sg.login_lookup($1::text);
