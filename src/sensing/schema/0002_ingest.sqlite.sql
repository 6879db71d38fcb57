-- Who writes, and how far: each batch raises `seq` by one in its own transaction, so that after a
-- lost answer to COMMIT one look tells whether the batch is stored.
CREATE TABLE lane (
    name TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,      -- raised by each start: an older process that still writes fails
    seq BIGINT NOT NULL,
    touched_us BIGINT NOT NULL  -- of the last commit; raised alone before "already there" is believed
);

-- Samples on their way to hourly arrays (sensing/journal.h); deleted once packed.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL,
    seq BIGINT NOT NULL,
    records BIGINT NOT NULL,
    received_us BIGINT NOT NULL, -- of the first record
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX journal_lane ON journal (lane, seq);

-- What we ask of devices (sensing.h, sensing_command_add).
CREATE TABLE device_command (
    id INTEGER PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES device (id),
    kind TEXT NOT NULL,
    minutes BIGINT NOT NULL,
    point_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    state TEXT NOT NULL, -- queued, sent, confirmed, answered, failed
    failure TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE INDEX device_command_state ON device_command (state, id);
CREATE INDEX device_command_device ON device_command (device_id, id);

-- Messages that alone cannot be stored, kept for whoever mends it; never confirmed to the device.
CREATE TABLE ingest_refused (
    id INTEGER PRIMARY KEY,
    protocol TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    body BLOB NOT NULL
);

-- On which side of its limits an analog value stood last (sensing/limit_rules.h).
CREATE TABLE point_side (
    point_id BIGINT NOT NULL REFERENCES point (id),
    analog_type BIGINT NOT NULL,
    side BIGINT NOT NULL,
    PRIMARY KEY (point_id, analog_type)
);

-- 0: as its protocol has it.
ALTER TABLE device ADD COLUMN silent_after_s BIGINT NOT NULL DEFAULT 0;
-- The gateway asks every second what was changed.
CREATE INDEX device_changed ON device (changed_us);
