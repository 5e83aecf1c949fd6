-- Stamps, history, outbox and partitions: what the database does for every layer by itself,
-- because GIS staff also edit through QGIS and WFS-T. Run again after each migration.

CREATE SCHEMA IF NOT EXISTS history;

-- Who acts: the user that the server named for this transaction, else the database role.
CREATE OR REPLACE FUNCTION twin_actor() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('twin.user', true), ''), session_user::text)
$$;

-- Here and not in a constraint: the generated 3857 column is computed before constraints are asked,
-- and would fail on projected coordinates with words that help nobody.
CREATE OR REPLACE FUNCTION twin_refuse_place(geom geometry) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF ST_IsEmpty(geom) THEN
        RAISE EXCEPTION 'The geometry is empty; draw it, or delete the feature'
            USING ERRCODE = 'check_violation';
    END IF;
    RAISE EXCEPTION 'The geometry reaches from % % to % %, which is no longitude and latitude in '
        'degrees (-180 to 180, -85 to 85); give EPSG:4326 coordinates, longitude first',
        round(ST_XMin(geom)::numeric, 2), round(ST_YMin(geom)::numeric, 2),
        round(ST_XMax(geom)::numeric, 2), round(ST_YMax(geom)::numeric, 2)
        USING ERRCODE = 'check_violation';
END $$;

CREATE OR REPLACE FUNCTION twin_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- "@" is false for an empty geometry too
    IF NOT NEW.geom OPERATOR(public.@) public.ST_MakeEnvelope(-180, -85, 180, 85, 4326) THEN
        PERFORM twin_refuse_place(NEW.geom);
    END IF;
    IF TG_OP = 'INSERT' THEN
        NEW.version := 1;
        NEW.source := coalesce(NEW.source, 'twin');
        NEW.source_id := coalesce(NEW.source_id, NEW.id::text);
        NEW.created_at := now();
        NEW.created_by := twin_actor();
        NEW.updated_at := now();
        NEW.updated_by := NEW.created_by;
    ELSE
        NEW.version := OLD.version + 1;
        NEW.created_at := OLD.created_at;
        NEW.created_by := OLD.created_by;
        NEW.updated_at := now();
        NEW.updated_by := twin_actor();
    END IF;
    RETURN NEW;
END $$;

-- One outbox row a statement: the drainer advances the layer's version after the commit.
CREATE OR REPLACE FUNCTION twin_emit() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    extent box2d;
    changed bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT ST_Extent(geom_3857), count(*) INTO extent, changed FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT ST_Extent(geom_3857), count(*) INTO extent, changed FROM old_rows;
    ELSE
        SELECT ST_Extent(geom), count(*) / 2 INTO extent, changed
        FROM (SELECT geom_3857 AS geom FROM old_rows
              UNION ALL SELECT geom_3857 FROM new_rows) AS both_states;
    END IF;
    IF changed > 0 THEN
        INSERT INTO core_outbox (layer, extent, rows)
        VALUES (TG_ARGV[0], ST_SetSRID(extent::geometry, 3857), changed);
        PERFORM pg_notify('twin_outbox', TG_ARGV[0]);
    END IF;
    RETURN NULL;
END $$;

-- Give a table stamps, history and outbox. History keeps superseded states only (the table itself
-- holds the current one), so an import writes no second copy and needs no backfill; the state at a
-- time t is: rows of the table with updated_at <= t, and history rows with
-- updated_at <= t < superseded_at.
CREATE OR REPLACE FUNCTION twin_track(layer text, relation regclass) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    name text := (SELECT relname FROM pg_class WHERE oid = relation);
    kept text;
    missing record;
BEGIN
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS history.%I (
            superseded_at timestamptz NOT NULL,
            superseded_by text NOT NULL,
            session_role text NOT NULL,
            application text,
            operation "char" NOT NULL)', name);
    FOR missing IN
        SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type
        FROM pg_attribute a
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attgenerated = ''
          AND NOT EXISTS (
              SELECT FROM pg_attribute h
              WHERE h.attrelid = format('history.%I', name)::regclass AND h.attname = a.attname)
        ORDER BY a.attnum
    LOOP
        EXECUTE format('ALTER TABLE history.%I ADD COLUMN %I %s', name, missing.attname,
                       missing.type);
    END LOOP;
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON history.%I (id, superseded_at)',
                   name || '_id', name);
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON history.%I USING gist (geom)',
                   name || '_geom', name);

    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO kept
    FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION history.%1$I() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = public, pg_temp AS $f$
        BEGIN
            INSERT INTO history.%2$I (superseded_at, superseded_by, session_role, application,
                                      operation, %3$s)
            SELECT now(), public.twin_actor(), session_user,
                   current_setting(''application_name''), left(TG_OP, 1)::"char", %3$s
            FROM old_rows;
            RETURN NULL;
        END $f$', 'record_' || name, name, kept);
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION history.%1$I() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = public, pg_temp AS $f$
        BEGIN
            INSERT INTO history.%2$I (superseded_at, superseded_by, session_role, application,
                                      operation, %3$s)
            SELECT now(), public.twin_actor(), session_user,
                   current_setting(''application_name''), ''T'', %3$s
            FROM %4$s;
            INSERT INTO public.core_outbox (layer, extent, rows)
            SELECT %5$L, ST_SetSRID(ST_Extent(geom_3857)::geometry, 3857), count(*)
            FROM %4$s HAVING count(*) > 0;
            PERFORM pg_notify(''twin_outbox'', %5$L);
            RETURN NULL;
        END $f$', 'truncate_' || name, name, kept, relation, layer);

    EXECUTE format('CREATE OR REPLACE TRIGGER twin_stamp BEFORE INSERT OR UPDATE ON %s
        FOR EACH ROW EXECUTE FUNCTION twin_stamp()', relation);
    EXECUTE format('CREATE OR REPLACE TRIGGER twin_record_update AFTER UPDATE ON %s
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION history.%I()', relation, 'record_' || name);
    EXECUTE format('CREATE OR REPLACE TRIGGER twin_record_delete AFTER DELETE ON %s
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION history.%I()', relation, 'record_' || name);
    EXECUTE format('CREATE OR REPLACE TRIGGER twin_record_truncate BEFORE TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION history.%I()', relation, 'truncate_' || name);
    EXECUTE format('CREATE OR REPLACE TRIGGER twin_emit_insert AFTER INSERT ON %s
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION twin_emit(%L)', relation, layer);
    EXECUTE format('CREATE OR REPLACE TRIGGER twin_emit_update AFTER UPDATE ON %s
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION twin_emit(%L)', relation, layer);
    EXECUTE format('CREATE OR REPLACE TRIGGER twin_emit_delete AFTER DELETE ON %s
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION twin_emit(%L)', relation, layer);

    INSERT INTO core_layerversion (layer) VALUES (layer) ON CONFLICT DO NOTHING;
END $$;

-- Make the day partitions of an event table that hold [first, last].
CREATE OR REPLACE FUNCTION twin_ensure_partitions(relation regclass, first timestamptz,
                                                  last timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text := (SELECT relname FROM pg_class WHERE oid = relation);
    day date := (first AT TIME ZONE 'UTC')::date;
    made integer := 0;
BEGIN
    IF last - first > interval '10 years' THEN
        RAISE EXCEPTION 'Events from % to % span more than ten years; check their dates', first, last;
    END IF;
    WHILE day <= (last AT TIME ZONE 'UTC')::date LOOP
        IF to_regclass(format('public.%I', name || to_char(day, '_YYYYMMDD'))) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
                           name || to_char(day, '_YYYYMMDD'), relation,
                           day::timestamp AT TIME ZONE 'UTC',
                           (day + 1)::timestamp AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
        day := day + 1;
    END LOOP;
    RETURN made;
END $$;

-- Words without diacritics, for search: "Lê Duẩn" is found by "le duan".
CREATE OR REPLACE FUNCTION twin_plain(words text) RETURNS text LANGUAGE sql
    IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(replace(replace(public.unaccent('public.unaccent'::regdictionary, words),
                                 'đ', 'd'), 'Đ', 'D'))
$$;
