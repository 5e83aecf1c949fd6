-- Which features a storm's water reaches: storm_raw (wet cells of the model with the wards of their
-- centers, filled by COPY) goes in, rows of simulation_impact come out. All geometry is in the model's metric CRS {srid}.
--
-- Indexes used: GiST on geom (EPSG:4326) of each layer to find the features on the grid, then GiST
-- on storm_cell.box for each feature's cells, and GiST on storm_ward.g for the wards.
-- A cell is an axis-aligned box, so ST_ClipByBox2D cuts exactly and many times faster than
-- ST_Intersection.

CREATE TEMP TABLE storm_ward ON COMMIT DROP AS
SELECT id, former, ST_Subdivide(ST_Transform(geom, {srid}), 64) AS g
FROM layers_wards
WHERE geom && ST_GeomFromGeoJSON({area});
CREATE INDEX ON storm_ward USING gist (g);
ANALYZE storm_ward;

-- {left}, {top}: corner of the grid [m]; {dx}, {dy}: size of a cell [m].
CREATE TEMP TABLE storm_cell ON COMMIT DROP AS
SELECT r.depth_class, r.depth, r.arrival, r.ward, r.former_ward,
       ST_MakeEnvelope({left} + {dx} * r.col, {top} - {dy} * (r.line + 1),
                       {left} + {dx} * (r.col + 1), {top} - {dy} * r.line, {srid}) AS box
FROM storm_raw AS r;
CREATE INDEX ON storm_cell USING gist (box);
ANALYZE storm_cell;

-- Buildings: the deepest water within half a cell of the footprint (under a raised building there
-- is none), so it counts as soon as water stands at one of its walls.
INSERT INTO simulation_impact (run_id, layer, feature_id, ward_id, former_ward_id, depth_class,
                               deepest, max_depth_m, arrival_s, area_m2)
SELECT {run}, 'buildings', f.id,
       (SELECT w.id FROM storm_ward AS w
        WHERE NOT w.former AND ST_Intersects(w.g, f.inside) LIMIT 1),
       (SELECT w.id FROM storm_ward AS w
        WHERE w.former AND ST_Intersects(w.g, f.inside) LIMIT 1),
       reached.depth_class, true, reached.depth, reached.arrival, ST_Area(f.g)
FROM (SELECT id, g, ST_PointOnSurface(g) AS inside
      FROM (SELECT id, ST_Transform(geom, {srid}) AS g
            FROM layers_buildings WHERE geom && ST_GeomFromGeoJSON({area})) AS b) AS f
CROSS JOIN LATERAL (
    SELECT max(c.depth_class) AS depth_class, max(c.depth) AS depth, min(c.arrival) AS arrival
    FROM storm_cell AS c
    WHERE ST_DWithin(c.box, f.g, least({dx}, {dy}) / 2)) AS reached
WHERE reached.depth IS NOT NULL;

-- Parcels: the area under water in each class. A parcel counts in the deepest class that, with the
-- deeper ones, covers {share} of it; the edge of a wet street's cell alone doesn't make it wet.
INSERT INTO simulation_impact (run_id, layer, feature_id, ward_id, former_ward_id, depth_class,
                               deepest, max_depth_m, arrival_s, area_m2)
SELECT {run}, 'parcels', p.id,
       (SELECT w.id FROM storm_ward AS w
        WHERE NOT w.former AND ST_Intersects(w.g, p.inside) LIMIT 1),
       (SELECT w.id FROM storm_ward AS w
        WHERE w.former AND ST_Intersects(w.g, p.inside) LIMIT 1),
       p.depth_class, p.depth_class = p.counted, p.depth, p.arrival, p.area
FROM (SELECT k.*, max(k.depth_class) FILTER (WHERE k.enough) OVER (PARTITION BY k.id) AS counted
      FROM (SELECT s.*, sum(s.area) OVER (PARTITION BY s.id ORDER BY s.depth_class DESC)
                        >= {share} * s.whole AS enough
            FROM (SELECT f.id, c.depth_class, ST_Area(f.g) AS whole,
                         ST_PointOnSurface(f.g) AS inside, max(c.depth) AS depth,
                         min(c.arrival) AS arrival,
                         sum(ST_Area(ST_ClipByBox2D(f.g, c.box::box2d))) AS area
                  FROM (SELECT id, ST_Transform(geom, {srid}) AS g FROM layers_parcels
                        WHERE geom && ST_GeomFromGeoJSON({area})) AS f
                  JOIN storm_cell AS c ON c.box && f.g AND ST_Intersects(c.box, f.g)
                  GROUP BY f.id, f.g, c.depth_class) AS s
            WHERE s.area > 0) AS k) AS p
WHERE p.counted IS NOT NULL;

-- Roads: the length under water in each class, in the ward of the cell it lies in.
INSERT INTO simulation_impact (run_id, layer, feature_id, ward_id, former_ward_id, depth_class,
                               deepest, max_depth_m, arrival_s, length_m)
SELECT {run}, 'roads', s.id, s.ward, s.former_ward, s.depth_class,
       row_number() OVER (PARTITION BY s.id ORDER BY s.depth_class DESC, s.depth DESC) = 1,
       s.depth, s.arrival, s.length
FROM (SELECT f.id, c.ward, c.former_ward, c.depth_class, max(c.depth) AS depth,
             min(c.arrival) AS arrival, sum(ST_Length(ST_ClipByBox2D(f.g, c.box::box2d))) AS length
      FROM (SELECT r.id, piece.geom AS g
            FROM layers_roads AS r
            CROSS JOIN LATERAL
                ST_DumpSegments(ST_Segmentize(ST_Transform(r.geom, {srid}), 4 * {dx})) AS piece
            WHERE r.geom && ST_GeomFromGeoJSON({area})
              AND NOT r.bridge AND NOT r.tunnel AND coalesce(r.level, 0) = 0) AS f
      JOIN storm_cell AS c ON c.box && f.g AND ST_Intersects(c.box, f.g)
      GROUP BY f.id, c.ward, c.former_ward, c.depth_class) AS s
WHERE s.length > 0;
