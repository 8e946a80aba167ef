-- What narrows an authorization beyond its scopes, as one document.
ALTER TABLE authorizations ADD COLUMN bounds TEXT COLLATE "C" NOT NULL DEFAULT '{}';
