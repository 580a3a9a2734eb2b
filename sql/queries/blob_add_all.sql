-- Make the blobs of a result known: an array of {sha256 (hex), bytes, kind}. Its commit is not waited for:
-- the transaction that names the blobs is, and its record in the log comes later than this one's.
select sg.blob_add(decode(b ->> 'sha256', 'hex'), (b ->> 'bytes')::bigint, b ->> 'kind')
  from jsonb_array_elements($1::jsonb) b, set_config('synchronous_commit', 'off', true)
 order by b ->> 'sha256'
