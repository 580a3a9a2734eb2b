-- Forget blobs older than $1 hours that no row names; their names.
select sha256 from sg.janitor($1::int * interval '1 hour')
