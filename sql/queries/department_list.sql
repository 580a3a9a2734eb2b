-- All departments, for the registration form.
select json_build_object('items', coalesce(json_agg(json_build_object('id', public_id, 'name', name)
         order by name), '[]'), 'next', null)::text
  from sg.department;
