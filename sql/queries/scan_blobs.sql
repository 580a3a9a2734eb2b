-- The files of a scan.
select c.image_sha, c.thumbnail_sha, c.original_sha, c.file_name, b.kind, c.state
  from sg.scan c join sg.blob b on b.sha256 = c.original_sha where c.id = $1::bigint;
