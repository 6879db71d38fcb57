-- Is a high-rise covered by a device that we hear? Kept by a periodic job; pages read it and never
-- compute it. Districts are those of today: what stands in an abolished one belongs to its successor.
CREATE TABLE building_coverage (
    building_id BIGINT PRIMARY KEY,
    district BIGINT NOT NULL,
    region BIGINT NOT NULL,  -- its code filled with zeros to 12 digits: a region is a range
    state BIGINT NOT NULL,   -- 0 no active device, 1 silent, 2 covered
    devices BIGINT NOT NULL, -- active ones
    cell BIGINT NOT NULL,    -- of the map, the smaller kind; -1: no coordinates
    longitude DOUBLE PRECISION,
    latitude DOUBLE PRECISION
);
CREATE INDEX building_coverage_district ON building_coverage (district, state, building_id);
CREATE INDEX building_coverage_region ON building_coverage (region, state, building_id);
CREATE INDEX building_coverage_state ON building_coverage (state, building_id, district);
CREATE INDEX building_coverage_all ON building_coverage (district, building_id);
CREATE INDEX building_coverage_cell ON building_coverage (district, cell, building_id);

CREATE TABLE coverage_count (
    district BIGINT PRIMARY KEY,
    buildings BIGINT NOT NULL,
    covered BIGINT NOT NULL,
    silent BIGINT NOT NULL,
    devices BIGINT NOT NULL,
    devices_online BIGINT NOT NULL,
    points BIGINT NOT NULL,
    points_bad BIGINT NOT NULL,
    counted_us BIGINT NOT NULL
);

-- One line a week, the last count of it.
CREATE TABLE coverage_week (
    district BIGINT NOT NULL,
    week_us BIGINT NOT NULL, -- begin of its Monday in Asia/Shanghai
    buildings BIGINT NOT NULL,
    covered BIGINT NOT NULL,
    silent BIGINT NOT NULL,
    counted_us BIGINT NOT NULL,
    PRIMARY KEY (district, week_us)
);

-- Buildings by squares of the map: zoom 0 has no parent (0), zoom 1 lies in a square of zoom 0.
CREATE TABLE coverage_cell (
    district BIGINT NOT NULL,
    zoom BIGINT NOT NULL,
    parent BIGINT NOT NULL,
    cell BIGINT NOT NULL,
    buildings BIGINT NOT NULL,
    covered BIGINT NOT NULL,
    silent BIGINT NOT NULL,
    building_id BIGINT NOT NULL,         -- one of them, whose name tells people where it is
    longitude DOUBLE PRECISION NOT NULL, -- middle of its buildings
    latitude DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (district, zoom, parent, cell)
);
