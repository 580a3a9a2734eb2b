-- The model of name $1, made when it is new. Organ, modality, description as said ($2, $3, $5, null: not said), else as they stand, else as a version's metadata has them ($6, $7, $8). $4: dimension.
insert into sg.model (name, organ, modality, dimension, description)
values ($1, coalesce($2, $6), coalesce($3, $7), $4::int, coalesce($5, $8))
on conflict (name) do update
   set organ = coalesce($2, nullif(model.organ, ''), $6),
       modality = coalesce($3, nullif(model.modality, ''), $7),
       description = coalesce($5, nullif(model.description, ''), $8)
returning id, public_id, dimension
