-- What the desk asks of every open matter, derived from its acts: the unit in which its next
-- deadline is counted ("hours", "working-days" …; '' is none or not yet derived) and who may take
-- the next act (bit n is Role n of account.h). The job of 0004 derives both for older matters.
ALTER TABLE matter ADD COLUMN due_unit TEXT NOT NULL DEFAULT '';
ALTER TABLE matter ADD COLUMN next_roles BIGINT NOT NULL DEFAULT 0;
-- Wider than before, so that whose turn it is is read from the index alone.
DROP INDEX matter_due;
DROP INDEX matter_due_all;
CREATE INDEX matter_due ON matter (district, due_key, id, next_roles) WHERE is_closed = 0;
CREATE INDEX matter_due_all ON matter (due_key, id, district, next_roles) WHERE is_closed = 0;
CREATE INDEX matter_board ON matter (district, kind, due_key, next_roles) WHERE is_closed = 0;
CREATE INDEX matter_person_matter ON matter_person (matter_id, account_id);
