-- Features of this source that the file no longer holds, inside the file's extent where it has one.
-- What was rejected now is still in the file and stays; ids that begin otherwise than the prefix are
-- of another table that shares the source. Uses the index on (source, source_id), and
-- the GiST on geom for the extent.
SELECT present.id, present.source_id, present.updated_by
FROM {table} AS present
WHERE present.source = %(source)s
  AND (%(extent)s::text IS NULL OR ST_CoveredBy(present.geom, ST_GeomFromEWKT(%(extent)s)))
  AND starts_with(present.source_id, %(prefix)s)
  AND present.source_id <> ALL (%(rejected)s)
  AND NOT EXISTS (SELECT FROM {staging} AS staged WHERE staged.source_id = present.source_id)
