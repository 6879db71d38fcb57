-- Search over matters, as unit_search of the registry room; see registry/search.h. Matters that were
-- there before are put in by a periodic job, which empties matter_unindexed.
CREATE VIRTUAL TABLE matter_search
    USING fts5(grams, content='', detail=none, columnsize=0, tokenize='ascii');
CREATE TABLE matter_unindexed (id BIGINT PRIMARY KEY);
INSERT INTO matter_unindexed (id) SELECT id FROM matter;
