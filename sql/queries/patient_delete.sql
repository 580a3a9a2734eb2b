-- Mark a patient as deleted; what belongs to him disappears with him.
update sg.patient set deleted_at = now() where id = $1::bigint and deleted_at is null;
