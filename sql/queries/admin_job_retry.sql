-- A job once more, under a key; its database id, its public id and class.
select id, public_id, class from sg.retry($1::uuid, $2)
