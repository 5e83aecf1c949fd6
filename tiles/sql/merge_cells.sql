-- Four cells of the level below make one cell of this level, with the same counts in all.
-- Index: primary key of tiles_cell (layer, level, cx, cy).
INSERT INTO tiles_cell (layer, level, cx, cy, count, dominant, counts, mean_x, mean_y)
SELECT %(layer)s, %(level)s, cx, cy, sum(n),
       nullif((array_agg(value ORDER BY n DESC, value))[1], ''),
       jsonb_object_agg(value, n),
       sum(sum_x) / sum(n), sum(sum_y) / sum(n)
FROM (
    SELECT child.cx >> 1 AS cx, child.cy >> 1 AS cy, part.key AS value,
           sum(part.value::bigint) AS n,
           sum(((child.cx & 1) + child.mean_x) / 2 * part.value::bigint) AS sum_x,
           sum(((child.cy & 1) + child.mean_y) / 2 * part.value::bigint) AS sum_y
    FROM tiles_cell AS child, jsonb_each_text(child.counts) AS part
    WHERE child.layer = %(layer)s AND child.level = %(level)s + 1
      AND child.cx BETWEEN %(first_x)s * 2 AND %(last_x)s * 2 + 1
      AND child.cy BETWEEN %(first_y)s * 2 AND %(last_y)s * 2 + 1
    GROUP BY 1, 2, 3
) AS parts
GROUP BY cx, cy
