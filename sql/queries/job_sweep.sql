-- Free the jobs whose lease ($2 s) ran out; the ids that wait in class $1.
select id, class from sg.sweep($1, $2::int * interval '1 second')
