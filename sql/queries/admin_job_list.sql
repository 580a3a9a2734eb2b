-- The newest $2 jobs, of one state when $1 is not null.
select j.public_id as id, a.login, j.kind, j.state, j.attempt, round(j.progress * 100) as percent,
       coalesce(j.error_code, '') as error,
       to_char(j.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created,
       coalesce(j.lease_owner, '') as worker
  from sg.job j join sg.account a on a.id = j.account_id
 where $1::text is null or j.state = $1
 order by j.id desc limit $2::int
