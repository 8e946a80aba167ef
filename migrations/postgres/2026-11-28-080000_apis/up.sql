-- What tokens are for. resource_key: the identifier without the slash of an empty path.
CREATE TABLE apis (
    resource TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    resource_key TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    settings TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
