-- Cancel a job.
select sg.cancel($1::uuid);
