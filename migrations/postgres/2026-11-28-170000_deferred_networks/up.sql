-- Where a device's request came from, for as long as nobody has answered it: so many may wait at one network, and the
-- page about it shows the address, which is sealed.
ALTER TABLE deferred_authorizations ADD COLUMN network TEXT COLLATE "C";
ALTER TABLE deferred_authorizations ADD COLUMN address BYTEA;
CREATE INDEX deferred_authorizations_by_network ON deferred_authorizations (network, expires_at) WHERE network IS NOT NULL;
