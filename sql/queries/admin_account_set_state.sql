-- Put account $1 into state $2; the hashes of the sessions that ended.
select encode(h, 'hex') from sg.account_set_state($1::uuid, $2) h
