-- Bring features that imports wrote up to date; a row equal in every column is not touched, so a
-- second import writes nothing. Joins by the unique index on (source, source_id).
UPDATE {table} AS present
SET {assignments}
FROM {staging} AS staged
WHERE present.source = %(source)s
  AND present.source_id = staged.source_id
  AND present.updated_by LIKE 'import:%%'
  AND ({present}) IS DISTINCT FROM ({staged})
