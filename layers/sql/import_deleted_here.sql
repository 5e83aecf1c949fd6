-- Take out of the staging table what someone other than an import deleted here, most lately: a
-- deletion is an edit and wins too. Reads the deletions in the layer's history by a scan; a TRUNCATE
-- is no edit of single features and does not count.
WITH gone AS (
    SELECT DISTINCT ON (past.source_id) past.source_id, past.operation, past.superseded_by
    FROM {history} AS past
    JOIN {staging} AS staged ON staged.source_id = past.source_id
    WHERE past.source = %(source)s
      AND past.operation IN ('D', 'T')
      AND NOT EXISTS (
          SELECT FROM {table} AS present
          WHERE present.source = %(source)s AND present.source_id = past.source_id)
    ORDER BY past.source_id, past.superseded_at DESC
)
DELETE FROM {staging} AS staged
USING gone
WHERE gone.source_id = staged.source_id
  AND gone.operation = 'D'
  AND gone.superseded_by NOT LIKE 'import:%%'
RETURNING staged.source_id, gone.superseded_by
