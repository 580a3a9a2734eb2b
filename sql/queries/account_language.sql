-- The acting account's language.
update sg.account set language = $1::text where id = sg.acting_account();
