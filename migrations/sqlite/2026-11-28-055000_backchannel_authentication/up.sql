-- Requests over the back channel: about whom, what they compare, and what the client is told with.
ALTER TABLE deferred_authorizations ADD COLUMN subject TEXT REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE deferred_authorizations ADD COLUMN binding_message TEXT;
ALTER TABLE deferred_authorizations ADD COLUMN notification BLOB;
CREATE INDEX deferred_authorizations_by_subject ON deferred_authorizations (subject) WHERE subject IS NOT NULL;
