-- Take out of the staging table rows whose unique {key} belongs to a feature of another source, or
-- to another feature of this one. Joins by the unique index on that key.
DELETE FROM {staging} AS staged
USING {table} AS present
WHERE ({staged_key}) = ({present_key})
  AND (present.source, present.source_id) <> (%(source)s, staged.source_id)
RETURNING staged.source_id, present.source, present.source_id
