-- The model of that name, made when it is new: name $1, organ $2, modality $3, dimension $4, description $5; what is not null changes an old one.
insert into sg.model (name, organ, modality, dimension, description)
values ($1, coalesce($2, ''), coalesce($3, ''), $4::int, coalesce($5, ''))
on conflict (name) do update
   set organ = coalesce($2, model.organ), modality = coalesce($3, model.modality),
       description = coalesce($5, model.description)
returning id, public_id, dimension
