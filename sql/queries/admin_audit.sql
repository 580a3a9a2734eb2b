-- An event of segward-admin's: action $1 on the object of kind $2 with id $3.
select sg.audit($1, $2, $3::uuid, '{"by": "segward-admin"}', '')
