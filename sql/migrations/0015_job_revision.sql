-- Admins poll the jobs of all accounts: what is new there is found by the revision alone.
create index job_revision on sg.job (revision);
