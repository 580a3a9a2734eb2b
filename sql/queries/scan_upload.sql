-- The acting account's finished upload, for a new scan.
select file_name, sha256, state from sg.upload
 where public_id = $1::uuid and account_id = sg.acting_account() and state <> 'ended';
