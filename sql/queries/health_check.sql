-- Does PostgreSQL answer, with the schema in place?
select count(*) >= 0 from sg.department;
