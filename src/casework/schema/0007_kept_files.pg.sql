-- Files that belong to something else than a matter: photos of a building's own records. Never removed.
CREATE TABLE case_kept_file (
    object TEXT COLLATE "C" NOT NULL,             -- "building:7/record:12"
    sha256 TEXT COLLATE "C" NOT NULL REFERENCES case_file (sha256),
    name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (object, sha256)
);
CREATE INDEX case_kept_file_file ON case_kept_file (sha256);
