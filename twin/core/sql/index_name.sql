-- Search without diacritics inside words: read by `twin_plain(name) LIKE '%…%'`.
CREATE INDEX IF NOT EXISTS {index} ON {table}
    USING gin (twin_plain({column}) gin_trgm_ops) WHERE {column} IS NOT NULL;
