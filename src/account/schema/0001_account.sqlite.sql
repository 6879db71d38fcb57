CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    must_change BIGINT NOT NULL,
    region TEXT NOT NULL,
    agency_id BIGINT NOT NULL,
    officer_id BIGINT NOT NULL,
    locked_us BIGINT,
    created_us BIGINT NOT NULL,
    signed_in_us BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX account_officer ON account (officer_id);

CREATE TABLE account_role (
    account_id BIGINT NOT NULL REFERENCES account (id),
    role TEXT NOT NULL,
    PRIMARY KEY (account_id, role)
);

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    token_sha256 TEXT NOT NULL UNIQUE,
    created_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,
    ends_us BIGINT NOT NULL,
    peer TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX session_account ON session (account_id, id);
CREATE INDEX session_ends ON session (ends_us);

CREATE TABLE sign_in_counter (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    failures BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX sign_in_counter_last ON sign_in_counter (last_us);

CREATE TABLE sign_in (
    id INTEGER PRIMARY KEY,
    time_us BIGINT NOT NULL,
    login TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    peer TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ledger_index BIGINT NOT NULL
);
CREATE INDEX sign_in_outcome ON sign_in (outcome, id);
CREATE INDEX sign_in_login ON sign_in (login, id);

CREATE TABLE refusal (
    id INTEGER PRIMARY KEY,
    time_us BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    login TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    peer TEXT NOT NULL,
    repeats BIGINT NOT NULL
);
CREATE INDEX refusal_login ON refusal (login, id);
CREATE INDEX refusal_peer ON refusal (peer, id);
