-- Title:   Failed and dead jobs by cause
-- Reads:   job. One row per (kind of job, state, error code).
-- Note:    failed: the data given could not be used. dead: our fault or a job that crashed the program; look at it and try it again. By the time of their end.
-- Columns: kind, state, error_code, jobs_n, accounts_n, first_seen, last_seen, last_job
select kind, state, coalesce(error_code, '') as error_code, count(*) as jobs_n,
       count(distinct account_id) as accounts_n,
       to_char(min(finished_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as first_seen,
       to_char(max(finished_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last_seen,
       (array_agg(public_id order by finished_at desc, id desc))[1] as last_job
  from sg.job
 where state in ('failed', 'dead')
   and finished_at >= coalesce($1::timestamptz, '-infinity')
   and finished_at < coalesce($2::timestamptz, 'infinity')
 group by kind, state, coalesce(error_code, '')
 order by jobs_n desc, kind, state, error_code
