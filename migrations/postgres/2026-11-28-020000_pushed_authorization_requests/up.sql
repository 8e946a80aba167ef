-- Authorization requests that clients sent beforehand (RFC 9126); each is answered once.
CREATE TABLE pushed_authorization_requests (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    reference_hash BYTEA NOT NULL UNIQUE,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    parameters TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT
);
CREATE INDEX pushed_authorization_requests_by_expiry ON pushed_authorization_requests (expires_at);
