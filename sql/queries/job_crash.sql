-- The program crashed on job $1 under token $2: queued again, or dead the second time.
select sg.crash($1::bigint, $2::bigint, $3, $4)
