-- What is new in an account's jobs ($2) since a revision ($1; 0: the newest 100 jobs). No row:
-- nothing is new.
with news as (
  (select id from sg.job where account_id = $2::bigint and revision > $1::bigint and $1::bigint > 0 order by revision limit 100)
  union all
  (select id from sg.job where account_id = $2::bigint and $1::bigint = 0 order by revision desc limit 100)
)
select max(revision), json_build_object('revision', max(revision), 'items', json_agg(shown order by id desc))::text
  from sg.jobs_shown(array(select id from news))
having count(*) > 0;
