-- Where the metadata of an API elsewhere is: a place of one API only. Of those that share one from before, the
-- first keeps it, which is the one that was shown.
ALTER TABLE apis ADD COLUMN metadata_path TEXT COLLATE "C";
UPDATE apis SET metadata_path = apis.settings::json ->> 'metadata_path'
WHERE NOT EXISTS (
    SELECT 1 FROM apis AS earlier
    WHERE earlier.resource < apis.resource
    AND earlier.settings::json ->> 'metadata_path' = apis.settings::json ->> 'metadata_path'
);
CREATE UNIQUE INDEX apis_by_metadata_path ON apis (metadata_path);
