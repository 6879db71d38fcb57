-- Entries by place; bytes is the leaf itself, payload and salt may be erased together.
CREATE TABLE ledger_entry (
    idx INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL,
    leaf_hash BLOB NOT NULL,
    type TEXT NOT NULL,
    object TEXT NOT NULL,
    time_us BIGINT NOT NULL,
    salt BLOB,
    payload TEXT
);
CREATE INDEX ledger_entry_object ON ledger_entry (object, idx);
CREATE INDEX ledger_entry_type ON ledger_entry (type, idx);
-- Inner nodes of perfect subtrees, level >= 1; level 0 is ledger_entry.leaf_hash.
CREATE TABLE ledger_node (
    level INTEGER NOT NULL,
    pos BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, pos)
) WITHOUT ROWID;
-- One row, locked by whoever appends. peaks: the perfect subtrees of the right edge, smallest first.
CREATE TABLE ledger_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    root BLOB NOT NULL,
    peaks BLOB NOT NULL,
    time_us BIGINT NOT NULL
);
INSERT INTO ledger_state (id, size, root, peaks, time_us)
VALUES (1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', x'', 0);
