-- More bytes are safe on disk; no row when somebody else was faster.
update sg.upload set received = $3::bigint, changed_at = now()
 where id = $1::bigint and received = $2::bigint and state = 'open'
returning id;
