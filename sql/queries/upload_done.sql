-- The upload has become a blob; no row when somebody else was faster.
update sg.upload set received = bytes, state = 'done', sha256 = $3::bytea, changed_at = now()
 where id = $1::bigint and received = $2::bigint and state = 'open'
returning id;
