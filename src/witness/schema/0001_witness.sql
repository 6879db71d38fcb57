-- The newest head that was cosigned for each log; root in hex.
CREATE TABLE witness_head (
    origin TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    root TEXT NOT NULL,
    time_us BIGINT NOT NULL
);
