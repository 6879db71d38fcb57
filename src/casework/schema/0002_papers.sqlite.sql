-- Statutory forms that acts have made (their text never changes), matters that belong together, and
-- what people have begun to fill in.
CREATE TABLE matter_paper (
    id INTEGER PRIMARY KEY,
    matter_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,                -- of the act that made it
    paper TEXT NOT NULL,              -- id in law/
    name TEXT NOT NULL,
    number TEXT UNIQUE,
    agency TEXT NOT NULL,
    text TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    way TEXT,                         -- how it was served
    served_us BIGINT NOT NULL DEFAULT 0 -- when it counts as served; 0: not yet
);
CREATE INDEX matter_paper_matter ON matter_paper (matter_id, id);

CREATE TABLE matter_link (
    matter_id BIGINT NOT NULL,
    other_id BIGINT NOT NULL,
    relation TEXT NOT NULL,
    PRIMARY KEY (matter_id, other_id, relation)
);
CREATE INDEX matter_link_other ON matter_link (other_id, matter_id);

CREATE TABLE matter_draft (
    account_id BIGINT NOT NULL,
    place TEXT NOT NULL,              -- new/complaint, 7/verify
    data TEXT NOT NULL,
    saved_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, place)
);
