-- Requests that a person answers elsewhere while the client asks again and again.
CREATE TABLE deferred_authorizations (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    code_hash BLOB NOT NULL UNIQUE,
    user_code TEXT UNIQUE,
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    authorization_id TEXT,
    interval_seconds BIGINT NOT NULL,
    polled_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX deferred_authorizations_by_authorization ON deferred_authorizations (authorization_id) WHERE authorization_id IS NOT NULL;
CREATE INDEX deferred_authorizations_by_expiry ON deferred_authorizations (expires_at);
-- How a dialogue ends: with a redirect to the client, or with the answer to a deferred request.
ALTER TABLE interactions ADD COLUMN ending TEXT NOT NULL DEFAULT '"redirect"';
