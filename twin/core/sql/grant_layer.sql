-- One layer's table for the working roles; {table} and {history} are quoted identifiers.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'twin_web') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO twin_web;
        GRANT SELECT ON {history} TO twin_web;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'twin_ingest') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO twin_ingest;
    END IF;
END $$;
