-- Where a stranger's pushed request came from, for as long as nobody was answered by it: so many may wait at one network.
ALTER TABLE pushed_authorization_requests ADD COLUMN network TEXT COLLATE "C";
CREATE INDEX pushed_authorization_requests_by_network ON pushed_authorization_requests (network, expires_at) WHERE network IS NOT NULL;
