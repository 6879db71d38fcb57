-- A row is what a matter of kind inspection says, written with its acts; 0: from before there were
-- matters. Open rows from before get theirs by a periodic job, which the index leads to.
ALTER TABLE inspection ADD COLUMN matter_id BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX inspection_matter ON inspection (matter_id) WHERE matter_id <> 0;
CREATE INDEX inspection_without_matter ON inspection (id)
    WHERE matter_id = 0 AND state IN ('planned', 'recorded');
-- A form that is sent twice is the matter's concern now.
DROP TABLE inspection_form;
