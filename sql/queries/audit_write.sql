-- One audit event by the acting account.
select sg.audit($1::text, $2::text, $3::uuid, $4::jsonb, $5::text);
