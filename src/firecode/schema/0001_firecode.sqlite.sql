-- The code on a building's door. One active row a building; the others stay with the reason.
CREATE TABLE firecode (
    id INTEGER PRIMARY KEY,
    building_id BIGINT NOT NULL,
    code TEXT NOT NULL UNIQUE,   -- 12 characters, unguessable
    state TEXT NOT NULL,         -- active, replaced, withdrawn
    reason TEXT NOT NULL,        -- why it ended; '' while active
    issued_us BIGINT NOT NULL,
    issued_by TEXT NOT NULL,     -- account:7
    ended_us BIGINT NOT NULL     -- 0: active
);
CREATE UNIQUE INDEX firecode_active ON firecode (building_id) WHERE state = 'active';
CREATE INDEX firecode_building ON firecode (building_id, id);

-- What was computed last for each building with an active code; can be made anew at any time.
CREATE TABLE firecode_score (
    building_id BIGINT PRIMARY KEY,
    region TEXT NOT NULL,
    district BIGINT NOT NULL,
    score BIGINT NOT NULL,
    colour BIGINT NOT NULL,          -- 1 green … 4 red
    since_us BIGINT NOT NULL,        -- of this colour
    marks TEXT NOT NULL,             -- JSON: every answer with points and sentence
    known BIGINT NOT NULL,
    edition TEXT NOT NULL,           -- of the table in law/
    fall BIGINT NOT NULL,            -- points lost in 30 days; negative: won
    patrol_us BIGINT NOT NULL,       -- the last record of each kind; 0: none
    handover_us BIGINT NOT NULL,
    maintenance_us BIGINT NOT NULL,
    overdue BIGINT NOT NULL,         -- 1 patrol, 2 hand-over, 4 maintenance
    computed_us BIGINT NOT NULL
);
CREATE INDEX firecode_score_order ON firecode_score (score, building_id);
CREATE INDEX firecode_score_district ON firecode_score (district, score, building_id);
CREATE INDEX firecode_score_fall ON firecode_score (fall, building_id) WHERE fall > 0;
CREATE INDEX firecode_score_colour ON firecode_score (district, colour);
CREATE INDEX firecode_score_old ON firecode_score (computed_us, building_id);

-- Every change of score or colour, with what caused it.
CREATE TABLE firecode_history (
    id INTEGER PRIMARY KEY,
    building_id BIGINT NOT NULL,
    time_us BIGINT NOT NULL,
    score BIGINT NOT NULL,
    colour BIGINT NOT NULL,
    colour_before BIGINT NOT NULL,   -- 0: the first
    cause TEXT NOT NULL,             -- issue, sensing, matter, record, time, rule
    reasons TEXT NOT NULL            -- sentences of what changed, one a line
);
CREATE INDEX firecode_history_building ON firecode_history (building_id, time_us, id);

-- Buildings about which something was heard since they were computed.
CREATE TABLE firecode_queue (
    building_id BIGINT PRIMARY KEY,
    cause TEXT NOT NULL,
    since_us BIGINT NOT NULL
);
CREATE INDEX firecode_queue_since ON firecode_queue (since_us, building_id);

-- A link with which somebody in the building records without an account; the key's hash only.
CREATE TABLE firecode_keeper (
    id INTEGER PRIMARY KEY,
    building_id BIGINT NOT NULL,
    key_sha256 TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,             -- who gets it: a post, never a person
    issued_us BIGINT NOT NULL,
    issued_by TEXT NOT NULL,
    ends_us BIGINT NOT NULL,
    ended_us BIGINT NOT NULL,        -- taken back before; 0: not
    used_us BIGINT NOT NULL
);
CREATE INDEX firecode_keeper_building ON firecode_keeper (building_id, id);

-- Patrols, hand-overs, maintenance and what a building is like: forms of law/, never edited.
CREATE TABLE firecode_record (
    id INTEGER PRIMARY KEY,
    building_id BIGINT NOT NULL,
    kind TEXT NOT NULL,              -- patrol, handover, maintenance, profile
    time_us BIGINT NOT NULL,
    actor TEXT NOT NULL,             -- account:7, keeper:3
    who TEXT NOT NULL,               -- as shown: 账号 7, the keeper's label
    data TEXT NOT NULL,              -- JSON by field
    form_id TEXT NOT NULL UNIQUE     -- sent twice, it is kept once
);
CREATE INDEX firecode_record_kind ON firecode_record (building_id, kind, id);
CREATE INDEX firecode_record_all ON firecode_record (building_id, id);
