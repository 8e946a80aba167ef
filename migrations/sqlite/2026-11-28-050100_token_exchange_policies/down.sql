DROP TABLE token_exchange_policies;
