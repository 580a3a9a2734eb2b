-- Which of these blobs (an array of hex names) have a row.
select encode(sha256, 'hex')
  from sg.blob
 where sha256 in (select decode(h, 'hex') from jsonb_array_elements_text($1::jsonb) h)
