-- Title:   Waiting and turn-around per department and model
-- Reads:   job, department, version, model. One row per (department, kind of job, model).
-- Note:    Jobs that succeeded between the two times, by their end. Waiting runs from the request to the first start, running from there to the end (with tries that were lost), turn-around is both.
-- Columns: department, kind, model, jobs_n, wait_median_s, wait_p90_s, run_median_s, run_p90_s, turnaround_median_s, turnaround_p90_s
with done as (
  select department_id, kind, version_id,
         extract(epoch from started_at - created_at) as wait_s,
         extract(epoch from finished_at - started_at) as run_s,
         extract(epoch from finished_at - created_at) as turnaround_s
    from sg.job
   where state = 'succeeded'
     and finished_at >= coalesce($1::timestamptz, '-infinity')
     and finished_at < coalesce($2::timestamptz, 'infinity')
)
select d.name as department, j.kind, coalesce(m.name, '') as model, count(*) as jobs_n,
       round(percentile_cont(0.5) within group (order by wait_s)::numeric, 2) as wait_median_s,
       round(percentile_cont(0.9) within group (order by wait_s)::numeric, 2) as wait_p90_s,
       round(percentile_cont(0.5) within group (order by run_s)::numeric, 2) as run_median_s,
       round(percentile_cont(0.9) within group (order by run_s)::numeric, 2) as run_p90_s,
       round(percentile_cont(0.5) within group (order by turnaround_s)::numeric, 2) as turnaround_median_s,
       round(percentile_cont(0.9) within group (order by turnaround_s)::numeric, 2) as turnaround_p90_s
  from done j
  join sg.department d on d.id = j.department_id
  left join sg.version v on v.id = j.version_id
  left join sg.model m on m.id = v.model_id
 group by d.name, j.kind, coalesce(m.name, '')
 order by d.name, j.kind, coalesce(m.name, '')
