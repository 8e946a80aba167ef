//! Proof of possession: what a request shows of the keys that its sender holds (RFC 9449). A proof is
//! checked before anything else is used up, so that a client which is told to use a nonce can repeat
//! its request; it is used up once it is known whose it is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Cx, Failure};
use crate::{
    crypto::{
        Sealer,
        certificate::ClientCertificate,
        compact::{CompactJws, VerifyError},
        token::digest,
        verifier::{PossessionError, verify_possession},
    },
    domain::{
        Timestamp,
        jose::{
            SigningAlgorithm,
            dpop::{self, Demand, Nonce},
        },
        oauth::{Confirmation, OAuthError, Params, SecurityProfile, check_proof_algorithm},
        trace::Reason,
    },
    store::{Abort, dpop_proof},
};

/// The algorithms accepted in DPoP proofs: those of FAPI 2.0 (5.4.1), whoever the client is; a security
/// profile may allow fewer. Metadata and challenges read this table.
pub const PROOF_ALGORITHMS: &[SigningAlgorithm] =
    &[SigningAlgorithm::PS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA];
/// The purpose under which nonces are recognized.
const NONCE_PURPOSE: &str = "dpop-nonce";

/// What a request shows of its sender's keys, and what a proof must be about, as it came: nothing in
/// it is believed yet.
#[derive(Clone, Debug, Default)]
pub struct Possession {
    /// The method of the request.
    pub method: String,
    /// Its path below the issuer.
    pub path: String,
    /// The DPoP headers.
    pub proofs: Vec<String>,
    /// The certificate of the TLS client.
    pub certificate: Option<ShownCertificate>,
}

/// A certificate whose key the TLS client holds.
#[derive(Clone, Debug)]
pub struct ShownCertificate {
    pub(super) certificate: ClientCertificate,
    pub(super) vouched_for: bool,
}

impl ShownCertificate {
    /// What a TLS client showed, in DER, and whether a configured authority vouches for it. `None` is
    /// what is no certificate: it proves nothing.
    pub fn parse(der: &[u8], vouched_for: bool) -> Option<Self> {
        ClientCertificate::parse(der).map(|certificate| Self { certificate, vouched_for })
    }
}

/// A proof that holds, and is not used up yet.
#[derive(Clone, Debug)]
pub struct CheckedProof {
    thumbprint: String,
    algorithm: SigningAlgorithm,
    hash: [u8; 32],
}

impl Possession {
    /// What its sender holds, given the proof that was checked.
    pub fn proved(&self, proof: Option<&CheckedProof>) -> Confirmation {
        Confirmation {
            jkt: proof.map(|proof| proof.thumbprint.clone()),
            x5t_s256: self.certificate.as_ref().map(|shown| shown.certificate.thumbprint()),
        }
    }

    /// The addresses at which the request may have arrived.
    pub(super) fn targets(&self, cx: &Cx) -> Vec<String> {
        addresses(cx, &self.path)
    }
}

/// A path under each of the names of this server.
pub(super) fn addresses(cx: &Cx, path: &str) -> Vec<String> {
    let names = std::iter::once(&cx.services.issuer).chain(&cx.services.policy.mtls);
    names.map(|name| name.join(path)).collect()
}

/// Checks the proof of a request, if it has one. `access_token`: the one that comes with it.
///
/// # Errors
/// `invalid_dpop_proof` or `use_dpop_nonce`.
pub fn check(cx: &Cx, possession: &Possession, access_token: Option<&str>) -> Result<Option<CheckedProof>, OAuthError> {
    let checked = dpop::only_proof(&possession.proofs)
        .and_then(|proof| proof.map(|proof| check_proof(cx, possession, proof, access_token)).transpose());
    match &checked {
        Ok(None) => {}
        Ok(Some(proof)) => cx.passed("dpop_proof", &[("jkt", &proof.thumbprint)]),
        Err(error) => cx.refused("dpop_proof", &[], error.reason),
    }
    checked
}

fn check_proof(
    cx: &Cx,
    possession: &Possession,
    proof: &str,
    access_token: Option<&str>,
) -> Result<CheckedProof, OAuthError> {
    let jws = CompactJws::parse(proof).map_err(|error| {
        dpop::refused(match error {
            VerifyError::AlgorithmNotAllowed => Reason::DpopProofSignature,
            _ => Reason::DpopProofMalformed,
        })
    })?;
    if !PROOF_ALGORITHMS.contains(&jws.algorithm()) {
        return Err(dpop::refused(Reason::DpopProofSignature));
    }
    let jwk = dpop::check_header(jws.header())?;
    let (claims, thumbprint) = verify_possession(&jws, jwk).map_err(|error| {
        dpop::refused(match error {
            PossessionError::Key => Reason::DpopProofKey,
            PossessionError::Signature => Reason::DpopProofSignature,
        })
    })?;
    let nonce = match dpop::nonce(&claims)? {
        None => Nonce::Absent,
        Some(text) if is_fresh(&cx.services.sealer, text, cx.now()) => Nonce::Fresh,
        Some(_) => Nonce::Stale,
    };
    let targets = possession.targets(cx);
    let demand = Demand {
        method: &possession.method,
        targets: &targets,
        access_token,
        nonce_required: cx.services.policy.require_dpop_nonce,
    };
    let jti = dpop::check_claims(&claims, &demand, nonce, cx.now())?;
    let hash = digest(format!("{thumbprint}.{jti}").as_bytes());
    Ok(CheckedProof { thumbprint, algorithm: jws.algorithm(), hash })
}

/// Whether a client of this profile may make such proofs.
///
/// # Errors
/// `invalid_dpop_proof`.
pub fn check_profile(
    cx: &Cx,
    proof: Option<&CheckedProof>,
    profile: Option<SecurityProfile>,
) -> Result<(), OAuthError> {
    let Some(proof) = proof else { return Ok(()) };
    check_proof_algorithm(profile, proof.algorithm)
        .inspect_err(|error| cx.refused("dpop_proof", &[("alg", proof.algorithm.name())], error.reason))
}

/// Uses a proof up, for a client of this profile. Of many requests with one proof, on any node, one goes on.
///
/// # Errors
/// `invalid_dpop_proof` if the profile does not allow it, or it was used before.
pub async fn consume(cx: &Cx, proof: Option<&CheckedProof>, profile: Option<SecurityProfile>) -> Result<(), Failure> {
    check_profile(cx, proof, profile)?;
    let Some(proof) = proof else { return Ok(()) };
    let (hash, until) = (proof.hash, cx.now().plus_seconds(dpop::REMEMBERED_SECONDS));
    let first =
        cx.services.store.write(move |tx| dpop_proof::consume(tx, &hash, until).map_err(Abort::<Failure>::from));
    if first.await? {
        return Ok(());
    }
    cx.refused("dpop_proof", &[], Reason::DpopProofReplayed);
    Err(dpop::refused(Reason::DpopProofReplayed).into())
}

/// The key that a code is to be bound to: of the request's proof, of its `dpop_jkt`, or of both
/// (RFC 9449 §10 and §10.1). Uses the proof up; for a client that has authenticated, with its profile.
///
/// # Errors
/// `invalid_dpop_proof` or `use_dpop_nonce`; `invalid_request` if the two differ.
pub async fn code_binding(
    cx: &Cx,
    params: &Params,
    possession: &Possession,
    proof: Option<&CheckedProof>,
    profile: Option<SecurityProfile>,
) -> Result<Option<String>, Failure> {
    let named = params.find("dpop_jkt").map(dpop::parse_thumbprint).transpose();
    let named = named.inspect_err(|error| cx.refused("dpop_jkt", &[], error.reason))?;
    let proved = possession.proved(proof).jkt;
    if named.is_some() && proved.is_some() && named != proved {
        cx.refused("dpop_jkt", &[], Reason::DpopThumbprintMismatch);
        return Err(OAuthError::invalid_request(Reason::DpopThumbprintMismatch).into());
    }
    consume(cx, proof, profile).await?;
    Ok(proved.or(named))
}

/// A nonce for the sender's next proofs. It holds the time and is recognized by every node: nothing is
/// stored (RFC 9449 §8).
pub fn fresh_nonce(cx: &Cx) -> String {
    nonce_of(&cx.services.sealer, cx.now())
}

/// The nonce of this second.
pub fn nonce_of(sealer: &Sealer, now: Timestamp) -> String {
    URL_SAFE_NO_PAD.encode(sealer.authenticate(NONCE_PURPOSE, &now.seconds().to_be_bytes()))
}

/// Whether this server, on any node, made a nonce a short while ago.
pub fn is_fresh(sealer: &Sealer, nonce: &str, now: Timestamp) -> bool {
    let made_at = URL_SAFE_NO_PAD.decode(nonce).ok().and_then(|bytes| {
        let seconds = sealer.recognize(NONCE_PURPOSE, &bytes)?.try_into().ok()?;
        Some(Timestamp::from_seconds(i64::from_be_bytes(seconds)))
    });
    // Another node's clock may be ahead.
    let age = made_at.map(|made_at| now.seconds_since(made_at));
    age.is_some_and(|age| (-dpop::NONCE_SECONDS..dpop::NONCE_SECONDS).contains(&age))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{KeyEncryptionKey, random::SeededRandom};

    #[test]
    fn a_nonce_is_fresh_for_a_while_for_its_own_server_and_as_it_was_made() {
        let sealer = |seed: u64| Sealer::new(&KeyEncryptionKey::generate(&SeededRandom::danger_from_seed(seed)));
        let (mine, made_at) = (sealer(1), Timestamp::from_seconds(1_700_000_000));
        let nonce = nonce_of(&mine, made_at);
        for age in [-300, 0, 299] {
            assert!(is_fresh(&mine, &nonce, made_at.plus_seconds(age)), "{age}");
        }
        for age in [-301, 300, i64::MAX, i64::MIN] {
            assert!(!is_fresh(&mine, &nonce, made_at.plus_seconds(age)), "{age}");
        }
        assert!(!is_fresh(&sealer(2), &nonce, made_at));
        let elsewhere = URL_SAFE_NO_PAD.encode(mine.authenticate("other", &made_at.seconds().to_be_bytes()));
        let short = URL_SAFE_NO_PAD.encode(mine.authenticate(NONCE_PURPOSE, &[1]));
        for wrong in ["", "x", &nonce[1..], &format!("{nonce}="), &nonce.to_lowercase(), &elsewhere, &short] {
            assert!(!is_fresh(&mine, wrong, made_at), "{wrong}");
        }
    }
}
