-- Saved mappings and what became of each file. Times are microseconds UTC.
CREATE TABLE import_mapping (
    id INTEGER PRIMARY KEY,
    account_id BIGINT NOT NULL,       -- owner
    name TEXT NOT NULL,
    kind TEXT NOT NULL,               -- of its last target
    body TEXT NOT NULL,               -- JSON, docs/import.md
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX import_mapping_name ON import_mapping (account_id, name);
CREATE INDEX import_mapping_by_name ON import_mapping (name, id);

-- One file on its way in, from upload (or the command line) to the result. Its id is the reference
-- number that people get.
CREATE TABLE import_run (
    id INTEGER PRIMARY KEY,
    account_id BIGINT NOT NULL,       -- 0: command line
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,          -- as the sender called it
    path TEXT,                        -- where it waits; NULL once it is removed
    file_size BIGINT NOT NULL DEFAULT 0,
    file_sha256 TEXT,
    mapping TEXT,                     -- JSON; NULL: not chosen yet
    dry_job_id BIGINT NOT NULL DEFAULT 0,
    run_job_id BIGINT NOT NULL DEFAULT 0,
    mode TEXT,                        -- all | skip-bad; NULL: not started
    state TEXT NOT NULL,              -- new | checked | running | done | refused | cancelled | failed
    rows BIGINT NOT NULL DEFAULT 0,   -- read and dealt with
    added BIGINT NOT NULL DEFAULT 0,
    changed BIGINT NOT NULL DEFAULT 0,
    same BIGINT NOT NULL DEFAULT 0,
    refused BIGINT NOT NULL DEFAULT 0,
    warned BIGINT NOT NULL DEFAULT 0,
    last_line BIGINT NOT NULL DEFAULT 0,     -- lines up to here are in
    refused_bytes BIGINT NOT NULL DEFAULT 0, -- of the file of refused rows
    ledger_first BIGINT NOT NULL DEFAULT -1, -- index of the first and last leaf
    ledger_last BIGINT NOT NULL DEFAULT -1,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE INDEX import_run_account ON import_run (account_id, id);
CREATE INDEX import_run_old ON import_run (changed_us, id) WHERE path IS NOT NULL;
