-- Chain at most $1 waiting audit events; how many were.
select sg.audit_seal($1::int)
