-- A new department; no row when the name is taken.
insert into sg.department (name) values ($1) on conflict (name) do nothing returning public_id
