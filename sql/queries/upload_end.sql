-- The upload is given up; no row when it was done or ended already.
update sg.upload set state = 'ended', changed_at = now() where id = $1::bigint and state = 'open'
returning id;
