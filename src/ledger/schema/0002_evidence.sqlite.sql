-- The second tree, SM3 over the same entries; a node's row holds both hashes. Where entries are
-- older than this, they are filled in by ledger_complete before anything is appended.
ALTER TABLE ledger_entry ADD COLUMN leaf_sm3 BLOB;
ALTER TABLE ledger_node ADD COLUMN hash_sm3 BLOB;
-- size_sm3: how many entries the second tree holds; less than size only until it is complete.
ALTER TABLE ledger_state ADD COLUMN size_sm3 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_state ADD COLUMN root_sm3 BLOB NOT NULL
    DEFAULT x'1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b';
ALTER TABLE ledger_state ADD COLUMN peaks_sm3 BLOB NOT NULL DEFAULT x'';
-- Every key that ever signed, in the order of their entries in the log.
CREATE TABLE ledger_key (
    id INTEGER PRIMARY KEY,
    vkey TEXT NOT NULL UNIQUE,
    entry BIGINT NOT NULL
);
-- Signed heads: one for a size, whatever happens.
CREATE TABLE ledger_signed (
    size INTEGER PRIMARY KEY,
    time_us BIGINT NOT NULL,
    root BLOB NOT NULL,
    root_sm3 BLOB NOT NULL,
    note TEXT NOT NULL,
    note_sm3 TEXT NOT NULL
);
-- Signature lines of witnesses. time_us: as the witness says.
CREATE TABLE ledger_cosignature (
    size BIGINT NOT NULL,
    vkey TEXT NOT NULL,
    time_us BIGINT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (size, vkey)
) WITHOUT ROWID;
-- What each witness has cosigned last.
CREATE TABLE ledger_witness (
    vkey TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
) WITHOUT ROWID;
-- One row: which witnesses are asked and how many must agree (c2sp.org/tlog-policy, without logs).
CREATE TABLE ledger_policy (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    text TEXT NOT NULL,
    entry BIGINT NOT NULL
);
