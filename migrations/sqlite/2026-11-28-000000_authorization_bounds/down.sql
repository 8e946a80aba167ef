ALTER TABLE authorizations DROP COLUMN bounds;
