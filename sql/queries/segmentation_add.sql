-- What a version found on a scan, in the transaction that ends its job ($1).
insert into sg.segmentation (job_id, scan_id, version_id, department_id, probability_sha, histogram,
                             threshold, mask_sha, mask_threshold, labels, flags, device, precision, time_ms)
select $1::bigint, s.id, $3::bigint, s.department_id, $4,
       (select array_agg(h::int order by n) from jsonb_array_elements_text($5::jsonb) with ordinality as a (h, n)),
       $6::int / 1000.0, $7, $6::int / 1000.0, $8::jsonb, $9::jsonb, $10, $11, $12::double precision
  from sg.scan s
 where s.id = $2::bigint
