-- What followed a draw when an object could not be inspected or an officer could not go, by the rule
-- in docs/draw-format.md; rows never go. kind 'object' or 'officer'; in_id 0: nobody came. passed:
-- officers whose turn it was and why not them (JSON). object_id, lead_id, second_id: the place after
-- this row, 0 for nobody; is_last 1: the newest row of its place.
CREATE TABLE draw_substitution (
    draw_id BIGINT NOT NULL REFERENCES draw (id),
    n BIGINT NOT NULL,
    ord BIGINT NOT NULL,
    kind TEXT NOT NULL,
    out_id BIGINT NOT NULL,
    in_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    passed TEXT NOT NULL,
    object_id BIGINT NOT NULL,
    lead_id BIGINT NOT NULL,
    second_id BIGINT NOT NULL,
    is_last BIGINT NOT NULL,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    leaf BIGINT NOT NULL,
    PRIMARY KEY (draw_id, n)
);
-- A reserve comes in once.
CREATE UNIQUE INDEX draw_substitution_in ON draw_substitution (draw_id, in_id)
    WHERE kind = 'object' AND in_id <> 0;
CREATE INDEX draw_substitution_last ON draw_substitution (draw_id, ord) WHERE is_last = 1;
