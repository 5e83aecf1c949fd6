-- One vector tile of features. The GiST index on {table}.geom_3857 finds them: the envelope, not
-- the column, is what is computed. ST_AsMVT passes over features that clipping left nothing of; to
-- filter them here would make each geometry twice, for PostgreSQL merges the two queries into one.
SELECT ST_AsMVT(tile, {tile_layer}, 4096, 'geom')
FROM (
    SELECT ST_AsMVTGeom(feature.geom_3857, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64) AS geom,
           feature.id::text AS id{fields}
    FROM {table} AS feature
    WHERE feature.geom_3857 && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096)
      AND {visible} AND {shown}
) AS tile
