-- The outbox: what another server has to be told, written with the fact and sent afterwards.
CREATE TABLE deliveries (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    client_id TEXT COLLATE "C" REFERENCES clients (client_id) ON DELETE CASCADE,
    payload TEXT COLLATE "C" NOT NULL,
    trace_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    -- While a node sends, this is the end of its lease.
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_client ON deliveries (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX deliveries_by_expiry ON deliveries (expires_at);
