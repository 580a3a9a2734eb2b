-- An account this caller may administer.
select id from sg.account
 where public_id = $1::uuid and $2::bigint > 0 and $3::bigint > 0 and $4::text = 'admin';
