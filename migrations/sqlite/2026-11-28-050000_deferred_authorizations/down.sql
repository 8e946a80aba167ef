ALTER TABLE interactions DROP COLUMN ending;
DROP TABLE deferred_authorizations;
