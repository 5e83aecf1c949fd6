#!/usr/bin/env bash
# First start of the PostGIS container: roles, database and extensions, as twin/local/roles.py
# makes them in a private cluster. Passwords come from the environment.
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --set=owner_password="$TWIN_OWNER_PASSWORD" \
    --set=web_password="$TWIN_WEB_PASSWORD" \
    --set=ingest_password="$TWIN_INGEST_PASSWORD" <<'SQL'
CREATE ROLE twin_owner LOGIN NOSUPERUSER PASSWORD :'owner_password';
CREATE ROLE twin_web LOGIN NOSUPERUSER PASSWORD :'web_password';
CREATE ROLE twin_ingest LOGIN NOSUPERUSER PASSWORD :'ingest_password';
CREATE DATABASE twin OWNER twin_owner TEMPLATE template0 ENCODING 'UTF8';
\connect twin
CREATE EXTENSION postgis;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION unaccent;
GRANT ALL ON SCHEMA public TO twin_owner;
GRANT SELECT, INSERT, UPDATE ON spatial_ref_sys TO twin_owner;
GRANT USAGE ON SCHEMA public TO twin_web, twin_ingest;
SQL
