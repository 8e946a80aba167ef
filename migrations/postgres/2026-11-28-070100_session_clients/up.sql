-- Which clients met a session, for as long as the session is known: an authorization may be gone before.
CREATE TABLE session_clients (
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, client_id)
);
CREATE INDEX session_clients_by_client ON session_clients (client_id);
INSERT INTO session_clients (session_id, client_id, last_at)
    SELECT a.session_id, a.client_id, MAX(a.created_at)
    FROM authorizations a JOIN sessions s ON s.id = a.session_id
    GROUP BY a.session_id, a.client_id;
