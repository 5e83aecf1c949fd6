-- Add the features that the layer does not have. Sorting by geometry follows a Hilbert curve, so
-- neighbors on the map are neighbors in the heap and a tile reads few pages.
INSERT INTO {table} (source, source_id, {columns})
SELECT %(source)s, staged.source_id, {staged}
FROM {staging} AS staged
WHERE NOT EXISTS (
    SELECT FROM {table} AS present
    WHERE present.source = %(source)s AND present.source_id = staged.source_id)
ORDER BY staged.geom
