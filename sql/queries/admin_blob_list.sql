-- A page of the blobs after hash $1 (null: from the first), in order.
select sha256, encode(sha256, 'hex'), bytes from sg.blob
 where $1::bytea is null or sha256 > $1 order by sha256 limit 1000
