-- Mark a scan as deleted.
update sg.scan set deleted_at = now() where id = $1::bigint and deleted_at is null;
