-- One vector tile of square cells, straight in tile units: cells never cross a tile's edge, so
-- there is nothing to clip. Index: primary key of tiles_cell (layer, level, cx, cy).
SELECT ST_AsMVT(tile, {tile_layer}, 4096, 'geom')
FROM (
    -- reversed: a tile's rows run south, which turns the ring over
    SELECT ST_Reverse(ST_MakeEnvelope(
               (cx - %(first_x)s) * %(side)s, (cy - %(first_y)s) * %(side)s,
               (cx - %(first_x)s + 1) * %(side)s, (cy - %(first_y)s + 1) * %(side)s)) AS geom,
           count{fields}
    FROM tiles_cell
    WHERE layer = %(layer)s AND level = %(level)s
      AND cx BETWEEN %(first_x)s AND %(last_x)s AND cy BETWEEN %(first_y)s AND %(last_y)s
      AND {visible}
) AS tile
