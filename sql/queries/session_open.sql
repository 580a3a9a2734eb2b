-- A new session of an active account.
select sg.session_open($1::bigint, $2::bytea, $3::int, $4::int);
