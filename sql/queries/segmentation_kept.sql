-- What an export must know: the kept probabilities, the scan's grid, the version, the choice in thousandths.
select g.probability_sha, s.volume_sha, v.onnx_sha, v.meta, round(g.threshold * 1000)::int
  from sg.segmentation g
  join sg.scan s on s.id = g.scan_id
  join sg.version v on v.id = g.version_id
 where g.id = $1::bigint and g.deleted_at is null
