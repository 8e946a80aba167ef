DROP INDEX apis_by_metadata_path;
ALTER TABLE apis DROP COLUMN metadata_path;
