-- Matters and their acts. Acts are only ever added. What stands in matter and matter_clock beside
-- the acts is derived from them and can be made anew; see casework.h.
CREATE TABLE matter (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,               -- id of a procedure in law/
    number TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    object_kind TEXT,                 -- unit | building
    object_id BIGINT NOT NULL DEFAULT 0,
    region TEXT NOT NULL,
    district BIGINT NOT NULL,
    state TEXT NOT NULL,
    is_closed BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1,
    opened_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL DEFAULT 0, -- of the running clock that ends first, 0: none
    due_key BIGINT NOT NULL,          -- due_us, or the end of time when there is none: for the order
    due_clock TEXT,
    form_id TEXT UNIQUE               -- of the form that opened it: sent twice, it opens once
);
CREATE INDEX matter_due ON matter (district, due_key, id) WHERE is_closed = 0;
CREATE INDEX matter_due_all ON matter (due_key, id, district) WHERE is_closed = 0;
CREATE INDEX matter_kind_due ON matter (kind, due_key, id, district) WHERE is_closed = 0;
CREATE INDEX matter_closed ON matter (district, changed_us, id) WHERE is_closed = 1;
CREATE INDEX matter_closed_all ON matter (changed_us, id, district) WHERE is_closed = 1;
CREATE INDEX matter_kind_closed ON matter (kind, changed_us, id, district) WHERE is_closed = 1;
CREATE INDEX matter_object ON matter (object_kind, object_id, id) WHERE object_id <> 0;

CREATE TABLE matter_act (
    id INTEGER PRIMARY KEY,
    matter_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,              -- 1, 2, …
    step TEXT NOT NULL,
    happened_us BIGINT NOT NULL,      -- when it was done
    entered_us BIGINT NOT NULL,       -- when it was entered
    actor BIGINT NOT NULL,            -- account
    person BIGINT NOT NULL,           -- officer behind the account, else minus the account
    officers TEXT NOT NULL,           -- JSON array of officer ids
    data TEXT NOT NULL,               -- JSON object, sealed fields left out
    state_from TEXT NOT NULL,         -- '' before the first act
    state_to TEXT NOT NULL
);
CREATE UNIQUE INDEX matter_act_seq ON matter_act (matter_id, seq);

-- What only named roles may see: names and telephone numbers of people who report.
CREATE TABLE matter_sealed (
    act_id BIGINT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (act_id, field)
);

CREATE TABLE matter_clock (
    matter_id BIGINT NOT NULL,
    n BIGINT NOT NULL,                -- 1, 2, … as started
    clock TEXT NOT NULL,
    started_by BIGINT NOT NULL,       -- seq of the act
    state TEXT NOT NULL,              -- running | paused | met | late | replaced
    due_us BIGINT NOT NULL,           -- 0: not known
    stopped_us BIGINT NOT NULL,
    PRIMARY KEY (matter_id, n)
);

-- Who has to do with a matter: those who acted and the officers who took part.
CREATE TABLE matter_person (
    account_id BIGINT NOT NULL,
    matter_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, matter_id)
);

CREATE TABLE matter_serial (
    prefix TEXT NOT NULL,
    year BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (prefix, year)
);
