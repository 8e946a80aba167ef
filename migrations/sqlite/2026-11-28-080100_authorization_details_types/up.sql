-- The types of rich authorization requests, each with the schema that its objects keep to.
CREATE TABLE authorization_details_types (
    name TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    schema TEXT NOT NULL,
    owner TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
