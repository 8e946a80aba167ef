//! The claims parameter (OIDC Core 5.5): single claims asked for, for UserInfo or for the ID token.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Person, SCOPES, claim_value};
use crate::{
    ids::UserId,
    oauth::{ErrorCode, OAuthError},
    strict_json,
    trace::Reason,
};

/// Longer than any sensible request; longer is malformed.
const MAX_LENGTH: usize = 8 * 1024;
/// Deeper than any sensible request.
const MAX_DEPTH: usize = 16;
/// More claims than exist.
const MAX_CLAIMS: usize = 64;

/// Where a claim is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// At the UserInfo endpoint.
    Userinfo,
    /// In the ID token.
    IdToken,
}

/// How one claim is asked for (OIDC Core 5.5.1). `essential` has an effect on `acr` only: another
/// claim that is not held is absent either way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Whether the client needs it for the task at hand.
    pub essential: bool,
    /// The values asked for, from `value` or `values`; `None` if any will do.
    pub values: Option<Vec<Value>>,
}

/// A claims parameter, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsRequest {
    userinfo: BTreeMap<String, ClaimRequest>,
    id_token: BTreeMap<String, ClaimRequest>,
}

/// The request demands another `sub` than the person signed in (OIDC Core 5.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubjectMismatch;

impl From<SubjectMismatch> for OAuthError {
    /// Core 3.1.2.1 answers a demand for somebody else with an error such as `login_required`.
    fn from(_: SubjectMismatch) -> Self {
        Self {
            code: ErrorCode::LoginRequired,
            description: "Another account is signed in than the one asked for.",
            reason: Reason::AccountSelectionRequired,
        }
    }
}

impl ClaimsRequest {
    /// Reads the parameter's JSON text. Members that are not understood are ignored, as 5.5 demands;
    /// known members of the wrong shape are not.
    ///
    /// # Errors
    /// `invalid_request` with `Reason::ClaimsMalformed`.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        Self::read(text).ok_or(OAuthError::invalid_request(Reason::ClaimsMalformed))
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_LENGTH || nesting(text) > MAX_DEPTH {
            return None;
        }
        let members = strict_json::parse_object(text.as_bytes())?;
        Some(Self { userinfo: read_target(members.get("userinfo"))?, id_token: read_target(members.get("id_token"))? })
    }

    /// The scopes whose claims are asked for one by one. Consent covers them like scopes that were
    /// asked for, so that the claims parameter is no way around the consent page.
    pub fn scope(&self) -> Vec<&'static str> {
        let asked = |claim: &&str| self.userinfo.contains_key(*claim) || self.id_token.contains_key(*claim);
        let known = SCOPES.iter().filter(|known| known.scope != "openid");
        known.filter(|known| known.claims.iter().any(&asked)).map(|known| known.scope).collect()
    }

    /// The one `sub` that is demanded, to be treated like the subject of an `id_token_hint`.
    pub fn requested_subject(&self) -> Option<UserId> {
        let demanded = |target: &BTreeMap<String, ClaimRequest>| match target.get("sub")?.values.as_deref()? {
            [Value::String(only)] => Some(UserId::new(only.as_str())),
            _ => None,
        };
        demanded(&self.id_token).or_else(|| demanded(&self.userinfo))
    }

    /// The values that are demanded of an essential claim; `None` if it is voluntary, or any will do.
    pub fn essential_values(&self, target: Target, claim: &str) -> Option<&[Value]> {
        self.target(target).get(claim).filter(|asked| asked.essential)?.values.as_deref()
    }

    /// Whether it says who may answer, or how they must have signed in, and not merely what is to be told.
    pub fn is_demanding(&self) -> bool {
        let names_subject =
            |target: &BTreeMap<String, ClaimRequest>| target.get("sub").is_some_and(|subject| subject.values.is_some());
        names_subject(&self.id_token)
            || names_subject(&self.userinfo)
            || self.essential_values(Target::IdToken, "acr").is_some()
    }

    const fn target(&self, target: Target) -> &BTreeMap<String, ClaimRequest> {
        match target {
            Target::Userinfo => &self.userinfo,
            Target::IdToken => &self.id_token,
        }
    }
}

/// The claims that were asked for one by one and are held. `allowed_scope` is what the client may ask
/// for: a claim of a scope that the client may not have is not told, whichever way it is asked for.
/// A `value` restricts only `sub`; for the others it is a wish (OIDC Core 5.5.1).
///
/// # Errors
/// [`SubjectMismatch`] if another `sub` is demanded, for either target.
pub fn requested_claims(
    person: &Person<'_>,
    request: &ClaimsRequest,
    target: Target,
    allowed_scope: &[String],
) -> Result<Map<String, Value>, SubjectMismatch> {
    let subject = person.subject;
    for asked in [&request.id_token, &request.userinfo] {
        let demanded = asked.get("sub").and_then(|sub| sub.values.as_ref());
        if demanded.is_some_and(|values| !values.iter().any(|value| value.as_str() == Some(subject))) {
            return Err(SubjectMismatch);
        }
    }
    let allowed = |claim: &str| {
        SCOPES.iter().any(|known| known.claims.contains(&claim) && allowed_scope.iter().any(|s| s == known.scope))
    };
    let held = request.target(target).keys().filter(|claim| allowed(claim));
    Ok(held.filter_map(|claim| claim_value(person, claim).map(|value| (claim.clone(), value))).collect())
}

/// `None` is malformed; a target that was not sent is empty.
fn read_target(target: Option<&Value>) -> Option<BTreeMap<String, ClaimRequest>> {
    let Some(target) = target else {
        return Some(BTreeMap::new());
    };
    let claims = target.as_object().filter(|claims| claims.len() <= MAX_CLAIMS)?;
    claims.iter().map(|(name, asked)| Some((name.clone(), read_claim(asked)?))).collect()
}

fn read_claim(asked: &Value) -> Option<ClaimRequest> {
    let members = match asked {
        Value::Null => return Some(ClaimRequest::default()),
        Value::Object(members) => members,
        _ => return None,
    };
    let essential = match members.get("essential") {
        None => false,
        Some(essential) => essential.as_bool()?,
    };
    let values = match (members.get("value"), members.get("values")) {
        (None, None) => None,
        (Some(value), None) => Some(vec![value.clone()]),
        (None, Some(values)) => Some(values.as_array()?.clone()),
        (Some(_), Some(_)) => return None,
    };
    Some(ClaimRequest { essential, values })
}

/// How deep the text nests, without parsing it: the parser never meets a deep document.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
