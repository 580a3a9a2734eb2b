-- Make a blob known: hash, bytes, kind.
select sg.blob_add($1, $2::bigint, $3)
