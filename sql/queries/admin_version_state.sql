-- Put version $2 of the model named $1 into state $3; nobody withdraws a draft, nothing leaves withdrawn but by approval. No row: no such version, or not from its state.
update sg.version v
   set state = $3, approved_at = case $3 when 'approved' then now() else approved_at end
  from sg.model m
 where m.id = v.model_id and m.name = $1 and v.number = $2::int
   and case $3 when 'approved' then v.state in ('draft', 'testing', 'withdrawn')
               when 'withdrawn' then v.state in ('testing', 'approved') end
returning v.public_id, coalesce(jsonb_array_length(v.meta #> '{output,classes}'), 1)
