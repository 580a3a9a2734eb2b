-- Put job $1 of token $2 back into the queue, for $4 s (null: growing with the attempts).
select sg.give_back($1::bigint, $2::bigint, $3::boolean, $4::double precision * interval '1 second', $5, $6)
