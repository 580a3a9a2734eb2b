-- A new password hash $2 for account $1; the hashes of the sessions that ended.
select encode(h, 'hex') from sg.password_set($1::bigint, $2) h
