-- An upload of the acting account.
select bytes, received, state, extract(epoch from changed_at)::bigint
  from sg.upload where id = $1::bigint and account_id = sg.acting_account();
