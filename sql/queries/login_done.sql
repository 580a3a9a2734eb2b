-- How a log-in went; writes its audit event.
select sg.login_done($1::bigint, $2::boolean, $3::text);
