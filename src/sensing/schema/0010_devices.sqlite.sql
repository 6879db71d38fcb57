-- Limits that a person set for one point; without a row the default of law/ holds.
CREATE TABLE point_limit (
    point_id BIGINT NOT NULL REFERENCES point (id),
    analog_type BIGINT NOT NULL, -- GB/T 26875.3 table 6
    low BIGINT,                  -- least units; NULL: this side is not limited
    high BIGINT,
    hysteresis BIGINT NOT NULL,
    actor TEXT NOT NULL,
    changed_us BIGINT NOT NULL,
    PRIMARY KEY (point_id, analog_type)
) WITHOUT ROWID;

-- Orders to those who maintain: from a fault, or by hand.
CREATE TABLE maintenance_order (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,   -- WX-2026-00012
    state TEXT NOT NULL,           -- sent, accepted, done, verified, cancelled
    device_id BIGINT NOT NULL,
    point_id BIGINT NOT NULL,      -- 0: the device itself
    edge_id BIGINT NOT NULL,       -- the spell it is about; 0: none
    building_id BIGINT NOT NULL,
    region TEXT NOT NULL,
    district BIGINT NOT NULL,
    place TEXT NOT NULL,
    subject TEXT NOT NULL,         -- what is faulty
    task TEXT NOT NULL,            -- what is to be done
    service_body TEXT NOT NULL,
    service_contact TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    closed BIGINT NOT NULL,        -- 1: verified or cancelled
    version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
-- Overdue first is the order of the list.
CREATE INDEX maintenance_order_due ON maintenance_order (closed, due_us, id);
CREATE INDEX maintenance_order_district ON maintenance_order (district, closed, due_us, id);
CREATE INDEX maintenance_order_device ON maintenance_order (device_id, id);
CREATE INDEX maintenance_order_edge ON maintenance_order (edge_id) WHERE edge_id <> 0;

-- What was done with an order, by whom and when.
CREATE TABLE maintenance_step (
    order_id BIGINT NOT NULL REFERENCES maintenance_order (id),
    n BIGINT NOT NULL,
    state TEXT NOT NULL,
    person TEXT NOT NULL,  -- who did it, as told
    note TEXT NOT NULL,
    actor TEXT NOT NULL,   -- account:17
    time_us BIGINT NOT NULL,
    PRIMARY KEY (order_id, n)
) WITHOUT ROWID;

CREATE TABLE maintenance_number (
    year BIGINT PRIMARY KEY,
    n BIGINT NOT NULL
);

-- Spells of fault and shielding begin with these.
CREATE INDEX edge_spell ON edge (kind, district, id)
    WHERE kind IN ('fault', 'shield') AND is_on = 1;
CREATE INDEX edge_spell_building ON edge (building_id, kind, id)
    WHERE kind IN ('fault', 'shield') AND is_on = 1;
