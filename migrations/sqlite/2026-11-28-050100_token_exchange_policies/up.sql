-- Which client may exchange whose tokens, and for what.
CREATE TABLE token_exchange_policies (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    subject_client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    audiences TEXT NOT NULL,
    mode TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, subject_client_id)
);
CREATE INDEX token_exchange_policies_by_subject ON token_exchange_policies (subject_client_id);
