//! What no public JSON Web Key has (RFC 7517 §9.2, RFC 7518 §6).

/// Members of a JWK that only a private or symmetric key has: `d … oth` of RSA, EC and OKP, `k` of symmetric keys
/// (RFC 7518 §6), `priv` and `seed` of the AKP family. Whoever sends one has leaked the key, whatever its type.
pub const PRIVATE_MEMBERS: [&str; 10] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv", "seed"];
