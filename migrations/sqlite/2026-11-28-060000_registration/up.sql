-- What is known of a client that registered itself, or whose client_id is the address of its own
-- metadata. Deleted with the client, or the client with it when nobody uses it.
CREATE TABLE registrations (
    client_id TEXT NOT NULL PRIMARY KEY REFERENCES clients (client_id) ON DELETE CASCADE,
    management_hash BLOB,
    initial_access_token_id TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT NOT NULL,
    document_fetched_at BIGINT,
    document_expires_at BIGINT
);
CREATE INDEX registrations_by_expiry ON registrations (expires_at);

-- What lets somebody register so many clients.
CREATE TABLE initial_access_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    uses_left BIGINT NOT NULL
);
CREATE INDEX initial_access_tokens_by_expiry ON initial_access_tokens (expires_at);
