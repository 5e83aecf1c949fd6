-- Impacts of a run on one layer by ward and depth class; uses impact_deepest_first (run, layer).
-- Parameters: run, layer.
SELECT i.{ward}, w.name, i.depth_class, count(*) FILTER (WHERE i.deepest),
       sum(i.length_m), sum(i.area_m2)
FROM simulation_impact AS i
LEFT JOIN layers_wards AS w ON w.id = i.{ward}
WHERE i.run_id = %s AND i.layer = %s
  AND i.feature_id IN (SELECT id FROM {table} WHERE {visible})
GROUP BY i.{ward}, w.name, i.depth_class
ORDER BY w.name NULLS LAST, i.{ward}, i.depth_class
