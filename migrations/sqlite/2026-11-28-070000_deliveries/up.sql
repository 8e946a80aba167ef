-- The outbox: what another server has to be told, written with the fact and sent afterwards.
CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    client_id TEXT REFERENCES clients (client_id) ON DELETE CASCADE,
    payload TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- While a node sends, this is the end of its lease.
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_client ON deliveries (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX deliveries_by_expiry ON deliveries (expires_at);
