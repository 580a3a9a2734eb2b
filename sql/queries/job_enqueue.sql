-- A new job, or the one made under this key before.
select id, public_id, class, fresh
  from sg.enqueue($1::text, $2::text, $3::jsonb, $4::bigint, $5::bigint, $6::bigint, $7::bytea,
         $8::bytea, $9::int, null, null, $10::int);
