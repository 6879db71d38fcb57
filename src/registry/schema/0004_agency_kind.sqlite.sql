-- What kind of agency it is (law/national/agencies.yaml) and what it was given beside its own powers.
-- Rows from before get the kind that their name tells, the word that stands last deciding; the others
-- stay what every agency was taken for until now, a fire brigade, until a person says otherwise.
ALTER TABLE agency ADD COLUMN kind TEXT NOT NULL DEFAULT 'fire-brigade';
UPDATE agency SET kind = CASE
    WHEN name LIKE '%派出所%' THEN 'police-station'
    WHEN name LIKE '%街道办事处%' OR name LIKE '%乡人民政府%' OR name LIKE '%镇人民政府%' THEN 'township'
    WHEN name LIKE '%公安局%' OR name LIKE '%公安分局%' THEN 'police'
    WHEN name LIKE '%住房和城乡建设局%' OR name LIKE '%住房和城乡建设委员会%' THEN 'housing'
    WHEN name LIKE '%市场监督管理局%' THEN 'market'
    WHEN name LIKE '%大队%' THEN 'fire-brigade'
    WHEN name LIKE '%支队%' THEN 'fire-detachment'
    WHEN name LIKE '%总队%' THEN 'fire-corps'
    ELSE 'fire-brigade' END;

CREATE TABLE agency_grant (
    id INTEGER PRIMARY KEY,
    agency_id BIGINT NOT NULL,
    act TEXT NOT NULL,               -- of agencies.yaml
    mode TEXT NOT NULL,              -- empowered | delegated
    valid_from TEXT NOT NULL,        -- first day
    valid_until TEXT,                -- last day; NULL: open
    document TEXT NOT NULL,          -- number of the list or of the letter
    grantor_id BIGINT NOT NULL,      -- in whose name: of a delegation; 0: the agency's own
    created_us BIGINT NOT NULL
);
CREATE INDEX agency_grant_agency ON agency_grant (agency_id, id);
