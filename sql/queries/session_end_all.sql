-- End all sessions of an account; their hashes.
select token_hash from sg.session_end_all($1::bigint) as ended (token_hash);
