-- How often a table that programs keep in memory has changed; see region_kept.h.
CREATE TABLE registry_stamp (
    name VARCHAR(32) PRIMARY KEY,
    n BIGINT NOT NULL
);
INSERT INTO registry_stamp (name, n) VALUES ('region', 1);
