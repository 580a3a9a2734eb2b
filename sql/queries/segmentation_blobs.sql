-- The files of a segmentation, and whether its mask is at the chosen threshold.
select g.probability_sha, g.mask_sha, g.mask_threshold = g.threshold, c.file_name, m.name
  from sg.segmentation g join sg.scan c on c.id = g.scan_id
  join sg.version v on v.id = g.version_id join sg.model m on m.id = v.model_id
 where g.id = $1::bigint;
