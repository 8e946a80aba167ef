//! The tables as Diesel sees them. Portable column types only: both databases hold the same schema.

diesel::table! {
    instance (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        username_canonical -> Text,
        email -> Nullable<Text>,
        email_canonical -> Nullable<Text>,
        email_verified -> Bool,
        name -> Nullable<Text>,
        profile -> Text,
        state -> Text,
        not_before -> Nullable<BigInt>,
        owner -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    credentials (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        secret -> Text,
        label -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    subject_keys (user_id) {
        user_id -> Text,
        sealed_key -> Nullable<Binary>,
        created_at -> BigInt,
        destroyed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_in_throttles (throttle_key) {
        throttle_key -> Text,
        failures -> BigInt,
        window_started_at -> BigInt,
        blocked_until -> BigInt,
    }
}

diesel::table! {
    groups (id) {
        id -> Text,
        name -> Text,
        description -> Text,
        owner -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    group_members (group_id, user_id) {
        group_id -> Text,
        user_id -> Text,
    }
}

diesel::table! {
    roles (id) {
        id -> Text,
        name -> Text,
        description -> Text,
        owner -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    user_roles (user_id, role_id) {
        user_id -> Text,
        role_id -> Text,
    }
}

diesel::table! {
    group_roles (group_id, role_id) {
        group_id -> Text,
        role_id -> Text,
    }
}

diesel::table! {
    clients (client_id) {
        client_id -> Text,
        name -> Text,
        kind -> Text,
        enabled -> Bool,
        settings -> Text,
        not_before -> Nullable<BigInt>,
        owner -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    registrations (client_id) {
        client_id -> Text,
        management_hash -> Nullable<Binary>,
        initial_access_token_id -> Nullable<Text>,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        expires_at -> BigInt,
        document_fetched_at -> Nullable<BigInt>,
        document_expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    initial_access_tokens (id) {
        id -> Text,
        label -> Text,
        token_hash -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        uses_left -> BigInt,
    }
}

diesel::table! {
    client_secrets (id) {
        id -> Text,
        client_id -> Text,
        label -> Text,
        secret_hash -> Binary,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        sealed_secret -> Nullable<Binary>,
    }
}

diesel::table! {
    client_roles (client_id, role_id) {
        client_id -> Text,
        role_id -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        secret_hash -> Binary,
        user_id -> Text,
        auth_time -> BigInt,
        amr -> Text,
        acr -> Text,
        sign_in_event -> Text,
        created_at -> BigInt,
        idle_expires_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    interactions (id) {
        id -> Text,
        browser_hash -> Binary,
        client_id -> Text,
        request -> Text,
        trace_id -> Text,
        session_id -> Nullable<Text>,
        authenticated_at -> Nullable<BigInt>,
        consented_at -> Nullable<BigInt>,
        account_chosen_at -> Nullable<BigInt>,
        created_at -> BigInt,
        expires_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        ending -> Text,
    }
}

diesel::table! {
    deferred_authorizations (id) {
        id -> Text,
        kind -> Text,
        code_hash -> Binary,
        user_code -> Nullable<Text>,
        client_id -> Text,
        request -> Text,
        state -> Text,
        authorization_id -> Nullable<Text>,
        interval_seconds -> BigInt,
        polled_at -> Nullable<BigInt>,
        created_at -> BigInt,
        expires_at -> BigInt,
        subject -> Nullable<Text>,
        binding_message -> Nullable<Text>,
        notification -> Nullable<Binary>,
        network -> Nullable<Text>,
        address -> Nullable<Binary>,
    }
}

diesel::table! {
    pushed_authorization_requests (id) {
        id -> Text,
        reference_hash -> Binary,
        client_id -> Text,
        parameters -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        consumed_at -> Nullable<BigInt>,
        network -> Nullable<Text>,
    }
}

diesel::table! {
    consents (user_id, client_id) {
        user_id -> Text,
        client_id -> Text,
        scope -> Text,
        granted_at -> BigInt,
    }
}

diesel::table! {
    authorizations (id) {
        id -> Text,
        client_id -> Text,
        user_id -> Text,
        session_id -> Text,
        scope -> Text,
        auth_time -> BigInt,
        amr -> Text,
        acr -> Text,
        claims -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        bounds -> Text,
    }
}

diesel::table! {
    authorization_codes (code_hash) {
        code_hash -> Binary,
        authorization_id -> Text,
        client_id -> Text,
        redirect_uri -> Text,
        code_challenge -> Nullable<Text>,
        nonce -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        consumed_at -> Nullable<BigInt>,
        attempts -> BigInt,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Binary,
        authorization_id -> Text,
        client_id -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        family_expires_at -> BigInt,
        rotated_at -> Nullable<BigInt>,
        successor_hash -> Nullable<Binary>,
        sealed_successor -> Nullable<Binary>,
        attempts -> BigInt,
        confirmation -> Text,
    }
}

diesel::table! {
    access_tokens (token_hash) {
        token_hash -> Binary,
        jti -> Text,
        authorization_id -> Nullable<Text>,
        client_id -> Text,
        claims -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    revoked_tokens (jti) {
        jti -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    assertion_replays (client_id, jti_hash) {
        client_id -> Text,
        jti_hash -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    dpop_proofs (proof_hash) {
        proof_hash -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> Text,
        algorithm -> Text,
        state -> Text,
        public_jwk -> Text,
        sealed_private_key -> Binary,
        created_at -> BigInt,
        activated_at -> Nullable<BigInt>,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    setup_links (token_hash) {
        token_hash -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    events (seq) {
        seq -> BigInt,
        id -> Text,
        at -> BigInt,
        kind -> Text,
        trace_id -> Text,
        actor -> Text,
        user_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        authorization_id -> Nullable<Text>,
        object_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        facts -> Text,
        sealed -> Nullable<Binary>,
        leaf_hash -> Binary,
    }
}

diesel::table! {
    token_exchange_policies (client_id, subject_client_id) {
        client_id -> Text,
        subject_client_id -> Text,
        audiences -> Text,
        mode -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    trusted_issuers (issuer) {
        issuer -> Text,
        jwks -> Nullable<Text>,
        jwks_uri -> Nullable<Text>,
        audience -> Nullable<Text>,
        subject -> Text,
        clients -> Text,
        scope -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    decision_records (trace_id, recorded_at) {
        trace_id -> Text,
        recorded_at -> BigInt,
        transaction_kind -> Text,
        client_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        record -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        kind -> Text,
        client_id -> Nullable<Text>,
        payload -> Text,
        trace_id -> Text,
        state -> Text,
        attempts -> BigInt,
        next_attempt_at -> BigInt,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        settled_at -> Nullable<BigInt>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    apis (resource) {
        resource -> Text,
        resource_key -> Text,
        name -> Text,
        description -> Text,
        settings -> Text,
        owner -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        metadata_path -> Nullable<Text>,
    }
}

diesel::table! {
    session_clients (session_id, client_id) {
        session_id -> Text,
        client_id -> Text,
        last_at -> BigInt,
    }
}

diesel::table! {
    authorization_details_types (name) {
        name -> Text,
        title -> Text,
        description -> Text,
        schema -> Text,
        owner -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    instance,
    users,
    credentials,
    subject_keys,
    sign_in_throttles,
    groups,
    group_members,
    roles,
    user_roles,
    group_roles,
    clients,
    registrations,
    initial_access_tokens,
    client_secrets,
    client_roles,
    sessions,
    interactions,
    deferred_authorizations,
    pushed_authorization_requests,
    consents,
    authorizations,
    authorization_codes,
    refresh_tokens,
    access_tokens,
    revoked_tokens,
    assertion_replays,
    dpop_proofs,
    signing_keys,
    setup_links,
    token_exchange_policies,
    trusted_issuers,
    events,
    decision_records,
    deliveries,
    session_clients,
    apis,
    authorization_details_types,
);
