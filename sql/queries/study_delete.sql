-- Mark a study as deleted.
update sg.study set deleted_at = now() where id = $1::bigint and deleted_at is null;
