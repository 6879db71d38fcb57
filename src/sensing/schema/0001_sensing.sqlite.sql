CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    protocol TEXT NOT NULL, -- gb26875, mqtt, http
    code TEXT NOT NULL,     -- how it names itself; gb26875: the source address as a decimal number
    profile TEXT NOT NULL,  -- dialect of its frames; standard
    name TEXT NOT NULL,
    state TEXT NOT NULL,    -- learning (heard, nobody registered it), active, retired
    region TEXT NOT NULL,   -- '' while it is bound to nothing
    district BIGINT NOT NULL,
    building_id BIGINT NOT NULL, -- 0: none
    unit_id BIGINT NOT NULL,     -- 0: none
    place TEXT NOT NULL,
    service_body TEXT NOT NULL,  -- who maintains it
    service_contact TEXT NOT NULL,
    key_hash BLOB,             -- of its own key (MQTT, HTTP)
    is_online BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,
    state_bits BIGINT NOT NULL,  -- of the transmission device itself (type 21)
    version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_code ON device (protocol, code);
CREATE INDEX device_building ON device (building_id, id);
CREATE INDEX device_district ON device (district, state, id);
CREATE INDEX device_state ON device (state, id);
CREATE INDEX device_seen ON device (is_online, seen_us, id);

CREATE TABLE point (
    id INTEGER PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES device (id),
    system_type BIGINT NOT NULL,
    system_address BIGINT NOT NULL,
    component_type BIGINT NOT NULL, -- -1: the system as a whole
    address BIGINT NOT NULL,        -- component address, u32; 0 for a system
    name TEXT NOT NULL,             -- as the device describes it or a person wrote it
    floor TEXT NOT NULL,
    room TEXT NOT NULL,
    building_id BIGINT NOT NULL,    -- of its device, repeated for the lists
    district BIGINT NOT NULL,
    state_bits BIGINT NOT NULL,
    state_us BIGINT NOT NULL,       -- since when
    created_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX point_address
    ON point (device_id, system_type, system_address, component_type, address);
CREATE INDEX point_building ON point (building_id, system_type, id);
CREATE INDEX point_district ON point (district, id);
-- 14 = fire, fault, shield: what is wrong now.
CREATE INDEX point_bad ON point (district, id) WHERE (state_bits & 14) <> 0;

CREATE TABLE edge (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    is_on BIGINT NOT NULL,
    value BIGINT NOT NULL,
    device_id BIGINT NOT NULL,
    point_id BIGINT NOT NULL,
    building_id BIGINT NOT NULL,
    unit_id BIGINT NOT NULL,
    region TEXT NOT NULL,
    district BIGINT NOT NULL,
    place TEXT NOT NULL,
    what TEXT NOT NULL,
    time_us BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    frame_key BIGINT NOT NULL, -- tells a frame that was sent again; with `part` unique for a device
    part BIGINT NOT NULL
);
CREATE UNIQUE INDEX edge_frame ON edge (device_id, frame_key, part);
CREATE INDEX edge_device ON edge (device_id, id);
CREATE INDEX edge_point ON edge (point_id, id);
CREATE INDEX edge_building ON edge (building_id, id);
CREATE INDEX edge_district ON edge (district, id);
CREATE INDEX edge_kind ON edge (kind, id);
