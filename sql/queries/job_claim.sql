-- Give a worker of class $1, named $2, one ready job under a lease of $3 s; an account may run $4 at a time.
select id, public_id, token, attempt, kind, params, scan_id, version_id, segmentation_id,
       input_sha, model_sha, account_id, department_id
  from sg.claim($1, $2, $3::int * interval '1 second', $4::int)
