-- A draw in steps: frozen, committed, beacons and shares, run, opened. mode 'form': from before, its
-- seed was typed. secret: S of a sealed draw, hex, public when it is opened.
ALTER TABLE draw ADD COLUMN mode TEXT NOT NULL DEFAULT 'form';
ALTER TABLE draw ADD COLUMN delta_s BIGINT NOT NULL DEFAULT 0;
ALTER TABLE draw ADD COLUMN secret TEXT NOT NULL DEFAULT '';
ALTER TABLE draw ADD COLUMN open_by TEXT NOT NULL DEFAULT '';
ALTER TABLE draw ADD COLUMN frozen_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE draw ADD COLUMN committed_us BIGINT NOT NULL DEFAULT 0;
-- Draws that are under way, to find overlapping ones.
CREATE INDEX draw_under_way ON draw (object_kind, id) WHERE state IN ('frozen', 'committed');
-- What a draw has committed to wait for, and what came. value_hex '': nothing yet.
CREATE TABLE draw_beacon (
    draw_id BIGINT NOT NULL REFERENCES draw (id),
    j BIGINT NOT NULL,
    source TEXT NOT NULL,
    round TEXT NOT NULL,
    time_us BIGINT NOT NULL,
    value_hex TEXT NOT NULL,
    typed TEXT NOT NULL,
    note TEXT NOT NULL,
    actor TEXT NOT NULL,
    taken_us BIGINT NOT NULL,
    leaf BIGINT NOT NULL,
    PRIMARY KEY (draw_id, j)
);
-- Parties and their shares. is_own: the platform's own share of a sealed draw.
CREATE TABLE draw_party (
    draw_id BIGINT NOT NULL REFERENCES draw (id),
    j BIGINT NOT NULL,
    name TEXT NOT NULL,
    commit_hash TEXT NOT NULL,
    is_own BIGINT NOT NULL,
    share_hex TEXT NOT NULL,
    revealed_us BIGINT NOT NULL,
    leaf BIGINT NOT NULL,
    counts BIGINT NOT NULL,
    PRIMARY KEY (draw_id, j)
);
-- Whoever freezes holds this row, so that two overlapping draws cannot begin at once.
CREATE TABLE draw_gate (id BIGINT PRIMARY KEY);
INSERT INTO draw_gate (id) VALUES (1);
