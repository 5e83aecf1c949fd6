-- Features of this source that differ from the file and were last written by someone other than an
-- import: they win. Joins by the unique index on (source, source_id).
SELECT staged.source_id, present.updated_by
FROM {staging} AS staged
JOIN {table} AS present ON present.source = %(source)s AND present.source_id = staged.source_id
WHERE coalesce(present.updated_by, '') NOT LIKE 'import:%%'
  AND ({present}) IS DISTINCT FROM ({staged})
