-- Values and unchanged states, one row for each series and hour: 60 slots of int16, little endian,
-- one a minute; -32768: nothing was told in that minute.
CREATE TABLE sample_hour (
    series BIGINT NOT NULL, -- a point; the device itself: its id with a minus sign
    day INTEGER NOT NULL,   -- days since 1970-01-01 in Asia/Shanghai
    kind SMALLINT NOT NULL, -- 1 to 255: analog type; 0: state bits; 256: it was heard
    hour SMALLINT NOT NULL, -- 0 to 23
    minutes BYTEA NOT NULL,
    PRIMARY KEY (day, series, kind, hour)
) PARTITION BY RANGE (day);
-- One partition a day is made beforehand by a periodic job (sample_store.c) and dropped when it is
-- old: no DELETE of a day of rows. What fits no other stands here.
CREATE TABLE sample_hour_rest PARTITION OF sample_hour DEFAULT;

-- What is left of a day for long: of analog values only.
CREATE TABLE sample_day (
    series BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    day BIGINT NOT NULL,
    n BIGINT NOT NULL,
    low BIGINT NOT NULL,
    high BIGINT NOT NULL,
    total BIGINT NOT NULL, -- mean: total / n
    PRIMARY KEY (series, kind, day)
);

-- One row: who packs locks it, so that two processes never merge into the same array.
CREATE TABLE sample_progress (
    id BIGINT PRIMARY KEY,
    packed_us BIGINT NOT NULL,
    journal_rows BIGINT NOT NULL, -- packed so far
    samples BIGINT NOT NULL,
    folded_day BIGINT NOT NULL    -- days up to this one stand in sample_day
);
INSERT INTO sample_progress (id, packed_us, journal_rows, samples, folded_day)
    VALUES (1, 0, 0, 0, 0);

-- The newest text of a kind that a device told: version, configuration, a maker's own types.
CREATE TABLE device_text (
    device_id BIGINT NOT NULL,
    raw_type BIGINT NOT NULL, -- type flag of its data unit
    told_us BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (device_id, raw_type)
);
