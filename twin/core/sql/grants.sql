-- Rights of the two working roles, where they exist. Neither owns a table, so neither can drop one,
-- switch its triggers off or rewrite history.
DO $$
DECLARE
    event regclass;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'twin_web') THEN
        GRANT USAGE ON SCHEMA public, history TO twin_web;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO twin_web;
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO twin_web;
        GRANT SELECT ON ALL TABLES IN SCHEMA history TO twin_web;
        REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM twin_web;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'twin_ingest') THEN
        GRANT USAGE ON SCHEMA public TO twin_ingest;
        GRANT SELECT ON core_layerversion, core_citysettings, core_customlayer TO twin_ingest;
    END IF;
END $$;
