-- The object library and the officer library. The .pg.sql twin differs in identity columns,
-- collation and the search index only.

CREATE TABLE region (
    code TEXT PRIMARY KEY,           -- 2, 4, 6, 9 or 12 digits
    name TEXT NOT NULL,
    level INTEGER NOT NULL,          -- 1 province … 5 community
    parent TEXT,
    valid_from TEXT,                 -- first day it exists, NULL: unknown, long ago
    valid_to TEXT,                   -- first day it no longer exists, NULL: still there
    confidence TEXT NOT NULL DEFAULT 'text',
    basis TEXT
) WITHOUT ROWID;
CREATE INDEX region_parent ON region (parent, code);

CREATE TABLE agency (
    id INTEGER PRIMARY KEY,
    code TEXT,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX agency_name ON agency (name);
CREATE UNIQUE INDEX agency_code ON agency (code) WHERE code IS NOT NULL;

CREATE TABLE officer (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    certificate TEXT NOT NULL,
    certificate_until TEXT,
    agency_id BIGINT NOT NULL DEFAULT 0,
    region TEXT NOT NULL,
    district BIGINT NOT NULL,
    in_post BIGINT NOT NULL DEFAULT 1,
    can_lead BIGINT NOT NULL DEFAULT 0,
    phone TEXT,
    version BIGINT NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX officer_certificate ON officer (certificate);
CREATE INDEX officer_name ON officer (name, id, district, in_post, certificate_until, can_lead);
CREATE INDEX officer_district
    ON officer (district, name, id, in_post, certificate_until, can_lead);
CREATE INDEX officer_region ON officer (region, name, id);
CREATE INDEX officer_pool ON officer (in_post, id, district);

CREATE TABLE building (
    id INTEGER PRIMARY KEY,
    source TEXT,
    source_id TEXT,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    region TEXT NOT NULL,
    district BIGINT NOT NULL,
    category BIGINT NOT NULL DEFAULT 0,
    height_m DOUBLE PRECISION,
    floors_above BIGINT,
    floors_below BIGINT,
    area_m2 DOUBLE PRECISION,
    built_year BIGINT,
    height_class BIGINT NOT NULL DEFAULT 0,  -- 0 unknown, 1 low, 2 high-rise, 3 super high-rise
    risk BIGINT NOT NULL DEFAULT 0,
    credit BIGINT NOT NULL DEFAULT 0,
    is_key BIGINT NOT NULL DEFAULT 0,
    longitude DOUBLE PRECISION,
    latitude DOUBLE PRECISION,
    last_inspected_us BIGINT NOT NULL DEFAULT 0,
    match_key BIGINT NOT NULL,               -- hash of normalised address
    version BIGINT NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX building_source ON building (source, source_id) WHERE source IS NOT NULL;
CREATE INDEX building_match ON building (match_key);
CREATE INDEX building_name
    ON building (name, id, district, category, risk, height_class, is_key, last_inspected_us);
CREATE INDEX building_district
    ON building (district, name, id, category, risk, height_class, is_key, last_inspected_us);
CREATE INDEX building_region ON building (region, name, id);

CREATE TABLE unit (
    id INTEGER PRIMARY KEY,
    source TEXT,
    source_id TEXT,
    uscc TEXT,                               -- 统一社会信用代码, upper case
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    region TEXT NOT NULL,
    district BIGINT NOT NULL,                -- first six digits of region
    category BIGINT NOT NULL DEFAULT 0,
    risk BIGINT NOT NULL DEFAULT 0,
    credit BIGINT NOT NULL DEFAULT 0,
    is_key BIGINT NOT NULL DEFAULT 0,
    cell BIGINT NOT NULL DEFAULT 0,          -- category, risk, credit and is_key in one number
    last_inspected_us BIGINT NOT NULL DEFAULT 0,
    merged_into BIGINT NOT NULL DEFAULT 0,   -- 0: a living record
    match_key BIGINT NOT NULL,               -- hash of normalised name and address
    building_id BIGINT,
    legal_person TEXT,
    phone TEXT,
    longitude DOUBLE PRECISION,
    latitude DOUBLE PRECISION,
    version BIGINT NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX unit_source ON unit (source, source_id) WHERE source IS NOT NULL;
CREATE INDEX unit_uscc ON unit (uscc) WHERE uscc IS NOT NULL;
CREATE INDEX unit_match ON unit (match_key);
CREATE INDEX unit_building ON unit (building_id) WHERE building_id IS NOT NULL;
-- Lists: whole library and one district, by name and by last inspection; the columns after the key
-- answer the filters without touching the row. One cell of facets for rare combinations. A street
-- or community is a short range of unit_region.
CREATE INDEX unit_name ON unit (name, id, cell, last_inspected_us, district)
    WHERE merged_into = 0;
CREATE INDEX unit_district ON unit (district, name, id, cell, last_inspected_us)
    WHERE merged_into = 0;
CREATE INDEX unit_last ON unit (last_inspected_us, id, cell, district) WHERE merged_into = 0;
CREATE INDEX unit_district_last ON unit (district, last_inspected_us, id, cell)
    WHERE merged_into = 0;
CREATE INDEX unit_cell ON unit (cell, district, name, id, last_inspected_us) WHERE merged_into = 0;
CREATE INDEX unit_region ON unit (region, name, id, cell, last_inspected_us) WHERE merged_into = 0;

-- How many living units stand in each cell, for every 2-, 4- and 6-digit region.
CREATE TABLE unit_count (
    scope BIGINT NOT NULL,
    cell BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (scope, cell)
) WITHOUT ROWID;

CREATE TABLE unit_merge (
    id INTEGER PRIMARY KEY,
    kept_id BIGINT NOT NULL,
    gone_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    merged_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    undone_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX unit_merge_kept ON unit_merge (kept_id, id);
CREATE INDEX unit_merge_gone ON unit_merge (gone_id, id);
-- Pairs that could be one unit, found when rows come in, until a person decides.
CREATE TABLE unit_suspect (
    low_id BIGINT NOT NULL,
    high_id BIGINT NOT NULL,
    reason TEXT NOT NULL,                    -- code | name
    district BIGINT NOT NULL,                -- of high_id
    found_us BIGINT NOT NULL,
    decided TEXT,                            -- NULL open, 'merged', 'different'
    PRIMARY KEY (low_id, high_id)
) WITHOUT ROWID;
CREATE INDEX unit_suspect_open ON unit_suspect (district, high_id, low_id) WHERE decided IS NULL;
CREATE INDEX unit_suspect_high ON unit_suspect (high_id);

CREATE TABLE object_change (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,                      -- unit | building | officer | agency
    object_id BIGINT NOT NULL,
    action TEXT NOT NULL,                    -- add | change | import | merge | unmerge
    changed_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    old TEXT,                                -- JSON of the changed fields only
    new TEXT
);
CREATE INDEX object_change_object ON object_change (kind, object_id, id);

CREATE TABLE past_inspection (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    unit_id BIGINT NOT NULL DEFAULT 0,
    building_id BIGINT NOT NULL DEFAULT 0,
    opened_us BIGINT NOT NULL,
    closed_us BIGINT NOT NULL DEFAULT 0,
    item_code TEXT,
    item_text TEXT
);
CREATE UNIQUE INDEX past_inspection_source ON past_inspection (source, source_id);
CREATE INDEX past_inspection_unit ON past_inspection (unit_id, opened_us, id) WHERE unit_id <> 0;
CREATE INDEX past_inspection_building ON past_inspection (building_id, opened_us, id)
    WHERE building_id <> 0;

-- Search: rows hold grams made by search_rules.c; see search.h. Contentless, so the text is not
-- stored a second time; plain sqlite3 can still open and query the file.
CREATE VIRTUAL TABLE unit_search
    USING fts5(grams, content='', detail=none, columnsize=0, tokenize='ascii');
CREATE VIRTUAL TABLE building_search
    USING fts5(grams, content='', detail=none, columnsize=0, tokenize='ascii');
CREATE VIRTUAL TABLE officer_search
    USING fts5(grams, content='', detail=none, columnsize=0, tokenize='ascii');
-- How common a gram is, counted on every 64th row, so that queries begin at the rarest.
CREATE TABLE search_sample (
    kind BIGINT NOT NULL,
    gram TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (kind, gram)
) WITHOUT ROWID;
