-- First statement of a report's transaction: it reads only, for 10 s at most.
select set_config('transaction_read_only', 'on', true), set_config('statement_timeout', '10s', true)
