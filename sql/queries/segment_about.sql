-- What a segment job must know of its version: metadata and default threshold in thousandths.
select v.meta, round(v.default_threshold * 1000)::int, v.onnx_sha
  from sg.version v
 where v.id = $1::bigint
