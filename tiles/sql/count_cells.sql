-- Count features into the cells of the finest level, each by the cell of its centroid.
-- A centroid lies in its feature's box, so the GiST index on {table}.geom_3857 finds the candidates.
INSERT INTO tiles_cell (layer, level, cx, cy, count, dominant, counts, mean_x, mean_y)
SELECT %(layer)s, %(level)s, cx, cy, sum(n),
       nullif((array_agg(value ORDER BY n DESC, value))[1], ''),
       jsonb_object_agg(value, n),
       sum(sum_x) / sum(n) - cx, sum(sum_y) / sum(n) - cy
FROM (
    SELECT least(greatest(floor(x)::integer, 0), %(last)s) AS cx,
           least(greatest(floor(y)::integer, 0), %(last)s) AS cy,
           value, count(*) AS n, sum(x) AS sum_x, sum(y) AS sum_y
    FROM (
        SELECT (ST_X(middle) + 20037508.342789244) / %(side)s AS x,
               (20037508.342789244 - ST_Y(middle)) / %(side)s AS y,
               value
        FROM (
            SELECT ST_Centroid(geom_3857) AS middle, {value} AS value
            FROM {table}
            WHERE {dirty} AND NOT ST_IsEmpty(geom)
        ) AS feature
    ) AS placed
    GROUP BY 1, 2, 3
) AS counted
WHERE cx BETWEEN %(first_x)s AND %(last_x)s AND cy BETWEEN %(first_y)s AND %(last_y)s
GROUP BY cx, cy
