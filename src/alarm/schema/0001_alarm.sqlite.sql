-- One row an event; what happened to it stands in alarm_step, which is only appended to.
CREATE TABLE alarm (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    class TEXT NOT NULL,      -- fire, gas, fault, supervise, limit, offline
    kind TEXT NOT NULL,       -- of the edge that began it
    priority BIGINT NOT NULL, -- 1: first
    state TEXT NOT NULL,      -- new, acknowledged, verified, reported, closed
    result TEXT NOT NULL,     -- '', true, false, test, drill
    merge_key TEXT NOT NULL,
    title TEXT NOT NULL,      -- building and floor
    address TEXT NOT NULL,
    place TEXT NOT NULL,
    what TEXT NOT NULL,
    region TEXT NOT NULL,     -- '' while the device is bound to nothing
    district BIGINT NOT NULL,
    building_id BIGINT NOT NULL,
    unit_id BIGINT NOT NULL,
    device_id BIGINT NOT NULL,
    began_us BIGINT NOT NULL,   -- as the device has it
    arrived_us BIGINT NOT NULL,
    last_us BIGINT NOT NULL,    -- the last edge that belongs to it
    edges BIGINT NOT NULL,
    points BIGINT NOT NULL,
    active BIGINT NOT NULL,     -- points whose state still holds
    restored_us BIGINT NOT NULL, -- 0: some point still holds
    level BIGINT NOT NULL,      -- how often it was escalated
    due_us BIGINT NOT NULL,     -- when it is next; 0: never
    holder BIGINT NOT NULL,     -- account that has acknowledged it; 0: none
    acknowledged_us BIGINT NOT NULL,
    verified_us BIGINT NOT NULL,
    reported_us BIGINT NOT NULL,
    closed_us BIGINT NOT NULL,
    matter_id BIGINT NOT NULL,  -- 0: none
    version BIGINT NOT NULL     -- grows with each act of a person
);
CREATE INDEX alarm_merge ON alarm (merge_key, id);
CREATE INDEX alarm_state ON alarm (state, priority, arrived_us, id);
CREATE INDEX alarm_closed ON alarm (closed_us, id);
CREATE INDEX alarm_district ON alarm (district, id);
CREATE INDEX alarm_building ON alarm (building_id, class, arrived_us);
CREATE INDEX alarm_likes ON alarm (district, class, arrived_us);
CREATE INDEX alarm_class ON alarm (class, id);
CREATE INDEX alarm_result ON alarm (result, id);
CREATE INDEX alarm_arrived ON alarm (arrived_us, id);
CREATE INDEX alarm_due ON alarm (due_us, id) WHERE due_us > 0;
CREATE INDEX alarm_matter ON alarm (matter_id) WHERE matter_id > 0;
CREATE INDEX alarm_lasting ON alarm (class, began_us, id) WHERE active > 0 AND matter_id = 0;

CREATE TABLE alarm_point (
    alarm_id BIGINT NOT NULL REFERENCES alarm (id),
    device_id BIGINT NOT NULL,
    point_id BIGINT NOT NULL, -- 0: the device itself
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    what TEXT NOT NULL,
    first_us BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    times BIGINT NOT NULL,    -- more than once: it came and went
    is_on BIGINT NOT NULL,
    PRIMARY KEY (alarm_id, device_id, point_id, kind)
);
CREATE INDEX alarm_point_on ON alarm_point (device_id, point_id, kind) WHERE is_on = 1;

CREATE TABLE alarm_step (
    seq BIGINT PRIMARY KEY,   -- without a gap, in the order of commits: what listeners follow
    alarm_id BIGINT NOT NULL REFERENCES alarm (id),
    step TEXT NOT NULL,
    time_us BIGINT NOT NULL,
    account_id BIGINT NOT NULL, -- 0: the device or the server
    note TEXT NOT NULL,
    token TEXT NOT NULL,        -- of the form that was sent; '' for the server's own
    leaf BIGINT NOT NULL        -- of the ledger; -1: none
);
CREATE INDEX alarm_step_of ON alarm_step (alarm_id, seq);
CREATE UNIQUE INDEX alarm_step_token ON alarm_step (token) WHERE token <> '';

-- Writers of alarms take this row first, so that no two act on one alarm and no listener misses a step.
CREATE TABLE alarm_feed (
    id BIGINT PRIMARY KEY,
    head BIGINT NOT NULL
);
INSERT INTO alarm_feed (id, head) VALUES (1, 0);

-- What has to go out of the house.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    alarm_id BIGINT NOT NULL, -- 0: about none
    way TEXT NOT NULL,        -- email, sms, webhook, dispatch
    address TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    district BIGINT NOT NULL,
    state TEXT NOT NULL,      -- waiting, sent, dead
    tries BIGINT NOT NULL,
    next_us BIGINT NOT NULL,  -- not before; while it is being sent, when it is given up
    failure TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    sent_us BIGINT NOT NULL
);
CREATE INDEX outbox_next ON outbox (next_us, id) WHERE state = 'waiting';
CREATE INDEX outbox_alarm ON outbox (alarm_id, id);
CREATE INDEX outbox_state ON outbox (state, id);

-- Is somebody in the control room? Asked by a person, answered by pressing a key at the device.
CREATE TABLE duty_check (
    id INTEGER PRIMARY KEY,
    command_id BIGINT NOT NULL, -- of the gateway
    device_id BIGINT NOT NULL,
    building_id BIGINT NOT NULL,
    name TEXT NOT NULL,         -- of building or device
    region TEXT NOT NULL,
    district BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    asked_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL,
    answered_us BIGINT NOT NULL -- 0: not yet
);
CREATE INDEX duty_check_device ON duty_check (device_id, id);
CREATE INDEX duty_check_district ON duty_check (district, id);
CREATE INDEX duty_check_open ON duty_check (device_id, id) WHERE answered_us = 0;

-- Who is on duty for a region. A shift ends when the next has confirmed: both have signed.
CREATE TABLE duty_shift (
    id INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    begun_us BIGINT NOT NULL,
    note TEXT NOT NULL,         -- what whoever leaves tells
    open_alarms BIGINT NOT NULL, -- when it was offered
    offered_us BIGINT NOT NULL, -- 0: still on duty
    taken_us BIGINT NOT NULL,   -- 0: nobody has taken over
    taken_by BIGINT NOT NULL
);
CREATE INDEX duty_shift_region ON duty_shift (region, id);
