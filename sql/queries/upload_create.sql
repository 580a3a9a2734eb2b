-- A new upload, within the bytes ($3) an account may have unfinished; no row when above.
insert into sg.upload (account_id, file_name, bytes)
select sg.acting_account(), $1::text, $2::bigint
 where $2::bigint + coalesce((select sum(bytes) from sg.upload
         where account_id = sg.acting_account() and state = 'open'), 0) <= $3::bigint
returning public_id, id, extract(epoch from changed_at)::bigint;
