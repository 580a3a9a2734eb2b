-- The mask at a saved threshold ($2, thousandths), if that is still the one that is chosen.
update sg.segmentation
   set mask_sha = $3, mask_threshold = $2::int / 1000.0, labels = $4::jsonb
 where id = $1::bigint and round(threshold * 1000)::int = $2::int
