-- The public lists go by the time of publication.
CREATE INDEX plan_published ON plan (published_us, id) WHERE published_us > 0;
CREATE INDEX draw_published ON draw (published_us, id) WHERE published_us > 0;
