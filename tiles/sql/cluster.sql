-- One vector tile of counted points, each at the mean place of its points and well inside its cell.
-- Index: primary key of tiles_cell (layer, level, cx, cy).
SELECT ST_AsMVT(tile, {tile_layer}, 4096, 'geom')
FROM (
    SELECT ST_Point(round((cx - %(first_x)s + greatest(0.05, least(0.95, mean_x))) * %(side)s),
                    round((cy - %(first_y)s + greatest(0.05, least(0.95, mean_y))) * %(side)s))
               AS geom,
           count{fields}
    FROM tiles_cell
    WHERE layer = %(layer)s AND level = %(level)s
      AND cx BETWEEN %(first_x)s AND %(last_x)s AND cy BETWEEN %(first_y)s AND %(last_y)s
      AND {visible}
) AS tile
