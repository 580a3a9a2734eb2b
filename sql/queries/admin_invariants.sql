-- The promises of the queue that are broken, with how often; $1: the cap, null when it may have changed.
select name, violations, meaning from sg.invariants(false, $1::int) where violations > 0 order by name
