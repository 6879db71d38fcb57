-- Officers whom a matter names: only they take the acts that ask for them, and they see it in any
-- district. In matter.next_roles, bit n + 16 is Role n of named officers.
CREATE TABLE matter_officer (
    officer_id BIGINT NOT NULL,
    matter_id BIGINT NOT NULL,
    PRIMARY KEY (officer_id, matter_id)
);
CREATE INDEX matter_officer_matter ON matter_officer (matter_id);
