-- Whose assertions this server takes for the word of a person or a client.
CREATE TABLE trusted_issuers (
    issuer TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    jwks TEXT COLLATE "C",
    jwks_uri TEXT COLLATE "C",
    audience TEXT COLLATE "C",
    subject TEXT COLLATE "C" NOT NULL,
    clients TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
