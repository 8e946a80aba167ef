-- Requests that a person answers elsewhere while the client asks again and again.
CREATE TABLE deferred_authorizations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    code_hash BYTEA NOT NULL UNIQUE,
    user_code TEXT COLLATE "C" UNIQUE,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    request TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    authorization_id TEXT COLLATE "C",
    interval_seconds BIGINT NOT NULL,
    polled_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX deferred_authorizations_by_authorization ON deferred_authorizations (authorization_id) WHERE authorization_id IS NOT NULL;
CREATE INDEX deferred_authorizations_by_expiry ON deferred_authorizations (expires_at);
-- How a dialogue ends: with a redirect to the client, or with the answer to a deferred request.
ALTER TABLE interactions ADD COLUMN ending TEXT COLLATE "C" NOT NULL DEFAULT '"redirect"';
