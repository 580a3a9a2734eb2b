-- One job.
select shown::text from sg.jobs_shown(array[$1::bigint]);
