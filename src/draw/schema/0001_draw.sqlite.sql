-- Plans: a published one never changes; a change is a new version under the same root.
CREATE TABLE plan (
    id INTEGER PRIMARY KEY,
    root_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    year BIGINT NOT NULL,
    title TEXT NOT NULL,
    agency TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    published_us BIGINT NOT NULL
);
CREATE INDEX plan_root ON plan (root_id, version);
CREATE INDEX plan_year ON plan (year, id);
CREATE INDEX plan_state ON plan (state, id);
CREATE INDEX plan_year_state ON plan (year, state, id);
CREATE TABLE plan_quota (
    plan_id BIGINT NOT NULL REFERENCES plan (id),
    stratum TEXT NOT NULL,
    quota BIGINT NOT NULL,
    reserves BIGINT NOT NULL,
    PRIMARY KEY (plan_id, stratum)
);

CREATE TABLE draw (
    id INTEGER PRIMARY KEY,
    plan_id BIGINT NOT NULL REFERENCES plan (id),
    title TEXT NOT NULL,
    year BIGINT NOT NULL,
    object_kind TEXT NOT NULL,
    region TEXT NOT NULL,
    date_from TEXT NOT NULL,
    date_to TEXT NOT NULL,
    hash TEXT NOT NULL,
    seed_hex TEXT NOT NULL,
    seed_text TEXT NOT NULL,
    actor TEXT NOT NULL,
    commit_hash TEXT NOT NULL,
    result_hash TEXT NOT NULL,
    pool_count BIGINT NOT NULL,
    eligible_count BIGINT NOT NULL,
    inspector_count BIGINT NOT NULL,
    denied_count BIGINT NOT NULL,
    drawn_count BIGINT NOT NULL,
    reserve_count BIGINT NOT NULL,
    unstaffed_count BIGINT NOT NULL,
    short_count BIGINT NOT NULL,
    level BIGINT NOT NULL,
    rung BIGINT NOT NULL,
    state TEXT NOT NULL,
    drawn_us BIGINT NOT NULL,
    published_us BIGINT NOT NULL,
    commit_leaf BIGINT NOT NULL,
    result_leaf BIGINT NOT NULL,
    publish_leaf BIGINT NOT NULL
);
CREATE INDEX draw_plan ON draw (plan_id, id);
-- A stratum of a plan is drawn once, whatever version the plan is in.
CREATE TABLE draw_stratum (
    root_id BIGINT NOT NULL,
    stratum TEXT NOT NULL,
    draw_id BIGINT NOT NULL REFERENCES draw (id),
    PRIMARY KEY (root_id, stratum)
);
-- The frozen files, byte for byte, in parts of 1,000 lines; first_id is the first field of a part.
CREATE TABLE draw_part (
    draw_id BIGINT NOT NULL REFERENCES draw (id),
    file TEXT NOT NULL,
    part BIGINT NOT NULL,
    first_id TEXT NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (draw_id, file, part)
);
CREATE INDEX draw_part_first ON draw_part (draw_id, file, first_id);
CREATE TABLE draw_target (
    draw_id BIGINT NOT NULL REFERENCES draw (id),
    ord BIGINT NOT NULL,
    year BIGINT NOT NULL,
    is_reserve BIGINT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    region TEXT NOT NULL,
    stratum TEXT NOT NULL,
    ticket TEXT NOT NULL,
    lead_id BIGINT NOT NULL,
    second_id BIGINT NOT NULL,
    lead_name TEXT,
    second_name TEXT,
    flag TEXT NOT NULL,
    PRIMARY KEY (draw_id, ord)
);
CREATE INDEX draw_target_object ON draw_target (object_kind, object_id, draw_id);
CREATE INDEX draw_target_year
    ON draw_target (year, is_reserve, object_kind, object_id, lead_id, second_id);
-- Who may not meet: recusal of an officer for one object.
CREATE TABLE draw_deny (
    object_kind TEXT NOT NULL,
    object_id BIGINT NOT NULL,
    officer_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    note TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (object_kind, object_id, officer_id)
);
-- Objects that take no part: CLOSED or EXEMPT.
CREATE TABLE draw_exclusion (
    object_kind TEXT NOT NULL,
    object_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (object_kind, object_id)
);
