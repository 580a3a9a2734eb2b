-- End job $1 under token $2 in state $3; the error and, for a success, the result's object.
select sg.finish($1::bigint, $2::bigint, $3, $4, $5, $6, $7::jsonb)
