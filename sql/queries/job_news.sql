-- Is anything new in an account's jobs ($2) since a revision ($1)? Asked by every poll, so it
-- reads one index entry.
select revision from sg.job
 where account_id = $2::bigint and revision > $1::bigint
 order by revision desc limit 1;
