-- Inspections that were there before the search index. A periodic job puts them in and empties this.
CREATE TABLE inspection_unindexed (id BIGINT PRIMARY KEY);
INSERT INTO inspection_unindexed (id) SELECT id FROM inspection;
