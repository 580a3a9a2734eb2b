-- An upload this caller may touch: his own, not ended.
select id from sg.upload
 where public_id = $1::uuid and account_id = $2::bigint and state <> 'ended'
   and $3::bigint > 0 and $4::text in ('doctor', 'researcher');
