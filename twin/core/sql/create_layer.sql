-- The table of a runtime layer: the same common columns, constraints and indexes as a declared one.
CREATE TABLE {table} (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL DEFAULT 'twin',
    source_id text,
    geom geometry({geometry}, 4326) NOT NULL CHECK (ST_IsValid(geom)),
    geom_3857 geometry(Geometry, 3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
    {columns},
    CONSTRAINT {unique} UNIQUE (source, source_id)
);
CREATE INDEX {index} ON {table} USING gist (geom);
CREATE INDEX {index_3857} ON {table} USING gist (geom_3857);
