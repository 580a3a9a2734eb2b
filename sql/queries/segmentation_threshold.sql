-- The person's threshold.
update sg.segmentation set threshold = $2::double precision, threshold_by = sg.acting_account(), threshold_at = now()
 where id = $1::bigint;
