-- Features of one layer that a run's water reaches, deepest first; uses impact_deepest_first.
SELECT f.id, {label}, i.depth_class, i.depth, i.arrival, i.length, i.area,
       ST_X(p.inside), ST_Y(p.inside),
       ST_XMin(f.geom), ST_YMin(f.geom), ST_XMax(f.geom), ST_YMax(f.geom), i.total
FROM (SELECT feature_id, max(depth_class) FILTER (WHERE counted) AS depth_class,
             max(max_depth_m) FILTER (WHERE counted) AS depth, min(arrival_s) AS arrival, sum(length_m) AS length,
             sum(area_m2) AS area, count(*) OVER () AS total
      FROM (SELECT *, deepest OR layer = 'roads' AS counted
            FROM simulation_impact
            WHERE run_id = %(run)s AND layer = %(layer)s
              AND (%(ward)s = '' OR coalesce({ward}::text, 'none') = %(ward)s)
              AND feature_id IN (SELECT id FROM {table} WHERE {visible})) AS part
      GROUP BY feature_id
      HAVING max(depth_class) FILTER (WHERE counted) >= %(min_class)s
      ORDER BY depth DESC, feature_id
      LIMIT %(limit)s) AS i
JOIN {table} AS f ON f.id = i.feature_id
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(f.geom) AS inside) AS p
ORDER BY i.depth DESC, f.id
