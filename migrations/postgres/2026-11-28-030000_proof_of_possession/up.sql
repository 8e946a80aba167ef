-- DPoP proofs that were used (RFC 9449): each is accepted once, by whichever node.
CREATE TABLE dpop_proofs (
    proof_hash BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX dpop_proofs_by_expiry ON dpop_proofs (expires_at);

-- The keys that the user of a refresh token must prove to hold, as one document.
ALTER TABLE refresh_tokens ADD COLUMN confirmation TEXT COLLATE "C" NOT NULL DEFAULT '{}';

-- Secrets that a client signs with (client_secret_jwt) must be read back: sealed. Of others only the hash is kept.
ALTER TABLE client_secrets ADD COLUMN sealed_secret BYTEA;
