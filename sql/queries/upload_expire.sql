-- End uploads nobody has added to for $1 hours; their ids.
select public_id from sg.upload_expire($1::int * interval '1 hour')
