-- End one session.
select sg.session_end($1::bytea);
