-- Search over matters, as unit_search of the registry room; see registry/search.h. Matters that were
-- there before are put in by a periodic job, which empties matter_unindexed.
CREATE TABLE matter_search (id BIGINT PRIMARY KEY, grams INTEGER[] NOT NULL);
CREATE INDEX matter_search_grams ON matter_search USING gin (grams);
CREATE TABLE matter_unindexed (id BIGINT PRIMARY KEY);
INSERT INTO matter_unindexed (id) SELECT id FROM matter;
