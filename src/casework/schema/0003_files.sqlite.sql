-- Evidence: files by the SHA-256 of their bytes, so that the same bytes are stored once, in the
-- database, so that a file and the act that adds it are one transaction and one backup.
CREATE TABLE case_file (
    sha256 TEXT PRIMARY KEY,          -- 64 hex digits
    size BIGINT NOT NULL,
    kind TEXT NOT NULL,               -- by its bytes: jpeg, pdf, … (file_kind.h)
    facts TEXT NOT NULL,              -- JSON: what a photo says about itself
    stored_us BIGINT NOT NULL
);
CREATE TABLE case_file_part (
    sha256 TEXT NOT NULL REFERENCES case_file (sha256) ON DELETE CASCADE,
    n BIGINT NOT NULL,                -- 1, 2, …
    bytes BLOB NOT NULL,
    PRIMARY KEY (sha256, n)
);

-- Who has uploaded a file that no act has taken yet. Only this account may use it.
CREATE TABLE case_upload (
    account_id BIGINT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES case_file (sha256),
    name TEXT NOT NULL,               -- as the browser said; for display
    uploaded_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, sha256)
);
CREATE INDEX case_upload_file ON case_upload (sha256);
CREATE INDEX case_upload_age ON case_upload (uploaded_us);

-- The files of a matter, as acts have added them; never removed.
CREATE TABLE matter_file (
    matter_id BIGINT NOT NULL,
    n BIGINT NOT NULL,                -- 1, 2, …: 证 1, 证 2
    seq BIGINT NOT NULL,              -- of the act
    field TEXT NOT NULL,              -- of the act's form
    sha256 TEXT NOT NULL REFERENCES case_file (sha256),
    name TEXT NOT NULL,
    leaf BIGINT NOT NULL,             -- of the act, in the ledger
    PRIMARY KEY (matter_id, n)
);
CREATE INDEX matter_file_file ON matter_file (sha256, matter_id);
