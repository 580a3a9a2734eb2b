-- The next version of model $1, a draft: ONNX blob $2, metadata $3, default threshold in thousandths $4.
insert into sg.version (model_id, number, onnx_sha, meta, default_threshold)
select $1::bigint, coalesce(max(number), 0) + 1, $2, $3::jsonb, $4::int / 1000.0
  from sg.version where model_id = $1::bigint
returning number, public_id
