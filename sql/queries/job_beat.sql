-- Renew the lease ($2, for $3 s) of job $1 and tell its progress and stage; no row: the lease is lost.
select cancel_requested
  from sg.beat($1::bigint, $2::bigint, $3::int * interval '1 second', $4::double precision, $5)
