-- As unit_search, for the inspections of the room above; see search.h.
CREATE TABLE inspection_search (id BIGINT PRIMARY KEY, grams INTEGER[] NOT NULL);
CREATE INDEX inspection_search_grams ON inspection_search USING gin (grams);
