-- Take out of the staging table every later row with the same {key}.
DELETE FROM {staging} AS later
USING (
    SELECT ctid, row_number() OVER (PARTITION BY {key} ORDER BY ctid) AS turn
    FROM {staging} WHERE ({key}) IS NOT NULL
) AS counted
WHERE counted.ctid = later.ctid AND counted.turn > 1
RETURNING later.source_id
