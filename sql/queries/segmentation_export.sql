-- What an export job of a segmentation refers to.
select g.scan_id, g.version_id, g.probability_sha, g.mask_threshold
  from sg.segmentation g where g.id = $1::bigint;
