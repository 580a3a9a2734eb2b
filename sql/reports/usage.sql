-- Title:   Use per account and month
-- Reads:   job, upload_volume, account, department. One row per (month, account) with any use.
-- Note:    Jobs count in the month they were asked for, uploads in the month they were begun (UTC); only finished uploads count. Computing time is from first start to end, of every job that ran to an end.
-- Columns: month, login, department, ingest_n, segment_n, export_n, other_n, compute_s, uploaded_bytes
with asked as (
  select to_char(created_at at time zone 'UTC', 'YYYY-MM') as month, account_id,
         count(*) filter (where kind = 'ingest') as ingest_n,
         count(*) filter (where kind = 'segment') as segment_n,
         count(*) filter (where kind = 'export') as export_n,
         count(*) filter (where kind not in ('ingest', 'segment', 'export')) as other_n,
         coalesce(sum(extract(epoch from finished_at - started_at)), 0) as compute_s,
         0 as uploaded_bytes
    from sg.job
   where created_at >= coalesce($1::timestamptz, '-infinity')
     and created_at < coalesce($2::timestamptz, 'infinity')
   group by 1, 2
), uploaded as (
  select to_char(created_at at time zone 'UTC', 'YYYY-MM') as month, account_id,
         0, 0, 0, 0, 0, sum(bytes) as uploaded_bytes
    from sg.upload_volume
   where state = 'done'
     and created_at >= coalesce($1::timestamptz, '-infinity')
     and created_at < coalesce($2::timestamptz, 'infinity')
   group by 1, 2
), used as (
  select * from asked union all select * from uploaded
)
select u.month, a.login, d.name as department,
       sum(ingest_n) as ingest_n, sum(segment_n) as segment_n, sum(export_n) as export_n,
       sum(other_n) as other_n, round(sum(compute_s), 1) as compute_s,
       sum(uploaded_bytes) as uploaded_bytes
  from used u
  join sg.account a on a.id = u.account_id
  join sg.department d on d.id = a.department_id
 group by u.month, a.login, d.name
 order by u.month desc, a.login
