-- A new account that waits for approval; its public id.
select sg.register($1::text, $2::text, $3::text, $4::uuid, $5::text, $6::text);
