-- A new job in place of one that ended badly.
select id, public_id, class, fresh from sg.retry($1::uuid, $2::text, $3::int);
