-- Long work in the background. Times are microseconds UTC.
CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    account_id BIGINT NOT NULL,       -- owner; 0: the program itself
    params TEXT NOT NULL,             -- JSON
    state TEXT NOT NULL,              -- waiting running done failed interrupted cancelled
    done BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL DEFAULT 0,
    is_cancelled BIGINT NOT NULL DEFAULT 0, -- a person wants it to stop
    node TEXT,                        -- host and data folder of the process that runs it
    data_dir TEXT,                    -- where its files lie
    token TEXT,                       -- of the present run
    result TEXT,                      -- JSON
    error TEXT,
    error_word TEXT,
    created_us BIGINT NOT NULL,
    started_us BIGINT NOT NULL DEFAULT 0,
    changed_us BIGINT NOT NULL
);
CREATE INDEX job_state ON job (state, id);
CREATE INDEX job_account ON job (account_id, id);
