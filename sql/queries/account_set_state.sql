-- Approve, enable or disable an account; hashes of the sessions it ended.
select token_hash from sg.account_set_state($1::uuid, $2::text) as ended (token_hash);
