-- A blob that now lies in the store.
select sg.blob_add($1::bytea, $2::bigint, $3::text);
