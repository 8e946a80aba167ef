-- The types of rich authorization requests, each with the schema that its objects keep to.
CREATE TABLE authorization_details_types (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    schema TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
