-- Whose assertions this server takes for the word of a person or a client.
CREATE TABLE trusted_issuers (
    issuer TEXT NOT NULL PRIMARY KEY,
    jwks TEXT,
    jwks_uri TEXT,
    audience TEXT,
    subject TEXT NOT NULL,
    clients TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
