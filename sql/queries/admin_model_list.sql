-- Models and their versions.
select m.name, v.number as version, v.state, m.organ, m.modality, m.dimension,
       v.default_threshold as threshold, encode(v.onnx_sha, 'hex') as onnx_sha256,
       to_char(v.created_at at time zone 'UTC', 'YYYY-MM-DD') as created, v.public_id as id
  from sg.model m left join sg.version v on v.model_id = m.id
 order by m.name, v.number
