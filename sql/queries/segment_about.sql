-- What a segment job must know of its version: metadata, default threshold in thousandths, file,
-- and whether it may (still) run on patients.
select v.meta, round(v.default_threshold * 1000)::int, v.onnx_sha, v.state = 'approved'
  from sg.version v
 where v.id = $1::bigint
