-- Where a device's request came from, for as long as nobody has answered it: the page about it shows the address, and
-- so many may wait at one network.
ALTER TABLE deferred_authorizations ADD COLUMN network TEXT COLLATE "C";
ALTER TABLE deferred_authorizations ADD COLUMN address TEXT COLLATE "C";
CREATE INDEX deferred_authorizations_by_network ON deferred_authorizations (network, expires_at) WHERE network IS NOT NULL;
