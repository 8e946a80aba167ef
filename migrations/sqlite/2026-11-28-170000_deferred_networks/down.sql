DROP INDEX deferred_authorizations_by_network;
ALTER TABLE deferred_authorizations DROP COLUMN address;
ALTER TABLE deferred_authorizations DROP COLUMN network;
