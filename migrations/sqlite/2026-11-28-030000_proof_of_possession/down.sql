ALTER TABLE client_secrets DROP COLUMN sealed_secret;
ALTER TABLE refresh_tokens DROP COLUMN confirmation;
DROP TABLE dpop_proofs;
