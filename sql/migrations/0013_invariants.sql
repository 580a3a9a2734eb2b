-- The promises of the queue as questions: each row counts the violations of one. Run by
-- `segward-admin verify` and after every fault test. What needs files (blob hashes) is checked
-- by the program. The numbers are those of doc/jobs.md.
--   p_drained  also ask that nothing is queued or running (I1), true only after a test
--   p_cap      jobs of one account running at a time, for I11; null: not asked
create function sg.invariants(p_drained boolean default false, p_cap int default null)
returns table (name text, violations bigint, meaning text)
language sql stable security definer set search_path = sg, pg_temp as $$
  with ending as (     -- the event that closes a lease carries its token
    select * from sg.job_event
     where token is not null
       and kind in ('succeeded', 'failed', 'cancelled', 'dead', 'give_back', 'crash', 'swept')
  ), running as (      -- how many leases of an account were open after each event
    select j.account_id, sum(case e.kind when 'claim' then 1 else -1 end)
             over (partition by j.account_id order by e.id) as n
      from (select id, job_id, kind from sg.job_event where kind = 'claim'
            union all select id, job_id, kind from ending) e
      join sg.job j on j.id = e.job_id
  )
  select 'I1', count(*), 'nothing is queued or running'
    from sg.job where p_drained and state in ('queued', 'running')
  union all
  select 'I2', count(*), 'a job succeeded exactly when it has one result'
    from sg.job j where (state = 'succeeded') <> ((select count(*) from sg.result r where r.job_id = j.id) = 1)
                     or (select count(*) from sg.result r where r.job_id = j.id) > 1
  union all
  select 'I3', count(*), 'the token of a result has exactly one success event'
    from sg.result r where (select count(*) from sg.job_event e
                             where e.job_id = r.job_id and e.kind = 'succeeded' and e.token = r.token) <> 1
  union all
  select 'I4', count(*), 'no job has two success events'
    from (select job_id from sg.job_event where kind = 'succeeded' group by job_id having count(*) > 1) x
  union all
  select 'I5', count(*), 'a result was written under the newest claim of its job'
    from sg.result r where r.token is distinct from
      (select max(token) from sg.job_event e where e.job_id = r.job_id and e.kind = 'claim')
  union all
  select 'I6', count(*), 'an idempotency key made one job'
    from (select account_id, idem_key from sg.job group by 1, 2 having count(*) > 1) x
  union all
  select 'I7', count(*), 'attempts are claims'
    from sg.job j where attempt <> (select count(*) from sg.job_event e where e.job_id = j.id and e.kind = 'claim')
  union all
  select 'I10', count(*), 'a job that did not succeed has neither result nor segmentation'
    from sg.job j where state <> 'succeeded'
     and (exists (select from sg.result r where r.job_id = j.id)
       or exists (select from sg.segmentation s where s.job_id = j.id))
  union all
  select 'I11', count(distinct account_id), 'no account ran more jobs than its cap'
    from running where n > p_cap
  union all
  select 'I13', count(*), 'a lease is closed once, and only those of running jobs are open'
    from (select c.token, c.job_id, (select count(*) from ending e where e.token = c.token) as closed
            from sg.job_event c where c.kind = 'claim') x
   where closed <> case when exists (select from sg.job j where j.id = x.job_id and j.lease_token = x.token)
                        then 0 else 1 end
  union all
  select 'I14', count(*), 'an ended job has exactly one event of its end'
    from sg.job j where state in ('succeeded', 'failed', 'cancelled', 'dead')
     and (select count(*) from sg.job_event e where e.job_id = j.id
             and e.kind in ('succeeded', 'failed', 'cancelled', 'dead')) <> 1
  union all
  select 'I15', count(*), 'a succeeded segment job has exactly one segmentation'
    from sg.job j where kind = 'segment' and state = 'succeeded'
     and (select count(*) from sg.segmentation s where s.job_id = j.id) <> 1
  union all
  select 'I16', count(*), 'a scan is being read only while a job reads it'
    from sg.scan s where state = 'ingesting'
     and not exists (select from sg.job j where j.scan_id = s.id and j.kind = 'ingest' and j.state in ('queued', 'running'))
$$;
