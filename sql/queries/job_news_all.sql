-- Is anything new in anybody's jobs since a revision ($1)? For an admin's polls.
select revision from sg.job
 where revision > $1::bigint
 order by revision desc limit 1;
