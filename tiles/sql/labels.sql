-- One label point for each area, in the one tile that holds it: drawn from the areas themselves, a
-- name would stand once in every tile that the area crosses. Index: GiST on {table}.geom_3857.
SELECT ST_AsMVT(tile, {tile_layer}, 4096, 'geom')
FROM (
    SELECT ST_AsMVTGeom(ST_PointOnSurface(feature.geom_3857),
                        ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 0) AS geom,
           feature.id::text AS id{fields}
    FROM {table} AS feature
    WHERE feature.geom_3857 && ST_TileEnvelope(%(z)s, %(x)s, %(y)s)
      AND feature.{label} IS NOT NULL AND {visible} AND {shown}
) AS tile
