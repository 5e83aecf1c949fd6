-- How many staged features have exactly the geometry of a feature of another source, by source: the
-- same data imported under two names. Joins by the GiST on geom (same box), then compares vertices.
SELECT present.source, count(DISTINCT staged.source_id)
FROM {staging} AS staged
JOIN {table} AS present ON present.geom ~= staged.geom AND present.geom = staged.geom
WHERE present.source <> %(source)s
GROUP BY present.source
ORDER BY 2 DESC, 1
