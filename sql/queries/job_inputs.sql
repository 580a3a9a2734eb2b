-- What a segment job runs on: the scan ($1, its row id) and an approved version ($2).
select c.state, c.volume_sha, v.id, v.onnx_sha, v.state, v.default_threshold
  from sg.scan c left join sg.version v on v.public_id = $2::uuid
 where c.id = $1::bigint;
