-- Choices of the whole installation: its name, its host, whether its data are made up.
CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    changed_us BIGINT NOT NULL
);
