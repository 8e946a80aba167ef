-- Where the metadata of an API elsewhere is: a place of one API only. Of those that share one from before, the
-- first keeps it, which is the one that was shown.
ALTER TABLE apis ADD COLUMN metadata_path TEXT;
UPDATE apis SET metadata_path = json_extract(apis.settings, '$.metadata_path')
WHERE NOT EXISTS (
    SELECT 1 FROM apis AS earlier
    WHERE earlier.resource < apis.resource
    AND json_extract(earlier.settings, '$.metadata_path') = json_extract(apis.settings, '$.metadata_path')
);
CREATE UNIQUE INDEX apis_by_metadata_path ON apis (metadata_path);
