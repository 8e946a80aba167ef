DROP INDEX deferred_authorizations_by_subject;
DELETE FROM deferred_authorizations WHERE kind = 'backchannel';
ALTER TABLE deferred_authorizations DROP COLUMN notification;
ALTER TABLE deferred_authorizations DROP COLUMN binding_message;
ALTER TABLE deferred_authorizations DROP COLUMN subject;
