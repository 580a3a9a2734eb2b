-- A new password; hashes of the sessions it ended.
select token_hash from sg.password_set($1::bigint, $2::text) as ended (token_hash);
