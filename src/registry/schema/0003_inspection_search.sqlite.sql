-- As unit_search, for the inspections of the room above; see search.h.
CREATE VIRTUAL TABLE inspection_search
    USING fts5(grams, content='', detail=none, columnsize=0, tokenize='ascii');
