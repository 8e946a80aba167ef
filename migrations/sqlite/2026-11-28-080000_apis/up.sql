-- What tokens are for. resource_key: the identifier without the slash of an empty path.
CREATE TABLE apis (
    resource TEXT NOT NULL PRIMARY KEY,
    resource_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    settings TEXT NOT NULL,
    owner TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
