-- A worker ($1) is there: its class, slots, software and device.
select sg.worker_seen($1, $2, $3::int, $4, $5)
