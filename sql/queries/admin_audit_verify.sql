-- Walk the audit chain.
select broken_seq, sealed, unsealed, encode(head_hash, 'hex') from sg.audit_verify()
