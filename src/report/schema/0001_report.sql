-- A browser that fills in a report or follows one, known by the hash of the key in its cookie; never
-- by a name or an address. What it has filled in lies here until it is sent or forgotten.
CREATE TABLE report_guest (
    key_sha256 TEXT NOT NULL PRIMARY KEY,
    follows BIGINT NOT NULL,             -- 1: it looks at a report that was sent
    sender BIGINT NOT NULL UNIQUE,       -- negative: in whose name its files wait (casework_file.h)
    data TEXT NOT NULL,                  -- JSON: what was filled in, who reports too; {} once sent
    matter_id BIGINT NOT NULL DEFAULT 0, -- that was opened or is followed
    ends_us BIGINT NOT NULL              -- forgotten after this
);
CREATE INDEX report_guest_ends ON report_guest (ends_us);

-- What a reporter shows to follow a report: only the hash of the code is kept.
CREATE TABLE report_receipt (
    matter_id BIGINT NOT NULL PRIMARY KEY,
    code_sha256 TEXT NOT NULL
);
