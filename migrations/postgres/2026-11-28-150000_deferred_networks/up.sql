-- Where a device's request came from, for as long as nobody has answered it: so many may wait from one network.
ALTER TABLE deferred_authorizations ADD COLUMN network TEXT COLLATE "C";
CREATE INDEX deferred_authorizations_by_network ON deferred_authorizations (network, expires_at) WHERE network IS NOT NULL;
