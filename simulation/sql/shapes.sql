-- Geometries of a layer that meet a box, in the model's CRS; uses the GiST on geom (EPSG:4326).
-- Parameters: the model's SRID, then the ring of its outline as GeoJSON.
SELECT ST_AsBinary(ST_Transform(f.geom, %s))
FROM {table} AS f
WHERE f.geom && ST_SetSRID(ST_GeomFromGeoJSON(%s), 4326) AND {condition}
