CREATE TABLE inspection (
    id INTEGER PRIMARY KEY,
    draw_id BIGINT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id BIGINT NOT NULL,
    object_name TEXT NOT NULL,
    object_address TEXT NOT NULL,
    region TEXT NOT NULL,
    region_name TEXT NOT NULL,
    district BIGINT NOT NULL,
    lead_id BIGINT NOT NULL,
    lead_name TEXT NOT NULL,
    lead_certificate TEXT NOT NULL,
    second_id BIGINT NOT NULL,
    second_name TEXT NOT NULL,
    second_certificate TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    closed_reason TEXT,
    inspected_us BIGINT NOT NULL,
    checklist TEXT,
    edition TEXT,
    failed BIGINT NOT NULL,
    note TEXT,
    recorded_us BIGINT NOT NULL,
    recorded_by BIGINT NOT NULL,
    record_leaf BIGINT NOT NULL,
    published_us BIGINT NOT NULL,
    publish_leaf BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX inspection_draw ON inspection (draw_id, object_kind, object_id)
    WHERE draw_id <> 0;
CREATE INDEX inspection_due ON inspection (due_us, id);
CREATE INDEX inspection_state ON inspection (state, due_us, id);
CREATE INDEX inspection_district ON inspection (district, due_us, id);
CREATE INDEX inspection_district_state ON inspection (district, state, due_us, id);
CREATE INDEX inspection_lead ON inspection (lead_id, state, due_us, id);
CREATE INDEX inspection_second ON inspection (second_id, state, due_us, id);
CREATE INDEX inspection_published ON inspection (published_us, id);
CREATE INDEX inspection_object ON inspection (object_kind, object_id, published_us, id);

CREATE TABLE inspection_answer (
    inspection_id BIGINT NOT NULL REFERENCES inspection (id),
    item_id TEXT NOT NULL,
    answer TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (inspection_id, item_id)
);

CREATE TABLE inspection_form (
    form_id TEXT PRIMARY KEY,
    inspection_id BIGINT NOT NULL REFERENCES inspection (id),
    leaf BIGINT NOT NULL,
    used_us BIGINT NOT NULL
);
CREATE INDEX inspection_form_used ON inspection_form (used_us);
