-- A job this caller may touch: his own, or any for an admin.
select id from sg.job
 where public_id = $1::uuid and (account_id = $2::bigint or $4::text = 'admin') and $3::bigint > 0;
