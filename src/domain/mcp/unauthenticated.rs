//! A request without a token, and one with a token that is none: both are refused, and the refusal leads on
//! (RFC 6750 §3, RFC 9728 §5.1).

use url::Url;

use super::{Challenge, Finding, is_secure, parse_challenges};

/// What a server answered.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The HTTP status.
    pub status: u16,
    /// Each `WWW-Authenticate`.
    pub challenges: &'a [&'a str],
    /// `Location`.
    pub location: Option<&'a str>,
}

impl Refusal<'_> {
    /// The `Bearer` or `DPoP` challenge; `Err`: a header that cannot be read.
    fn challenge(&self) -> Result<Option<Challenge>, &str> {
        let mut found = None;
        for header in self.challenges {
            let challenges = parse_challenges(header).ok_or(*header)?;
            let of_tokens = |challenge: &Challenge| matches!(challenge.scheme.as_str(), "bearer" | "dpop");
            found = found.or_else(|| challenges.into_iter().find(of_tokens));
        }
        Ok(found)
    }
}

/// Judges the answer to a request without a token. Gives the address of the resource's metadata, where it
/// names a usable one; `None` beside no failure: clients look at the well-known addresses.
pub fn judge_unauthenticated(answer: Refusal<'_>) -> (Vec<Finding>, Option<String>) {
    const CHECK: &str = "unauthenticated_request";
    let found = format!("{} without a token", answer.status);
    let next = match answer.status {
        401 => return judge_challenge(answer, Finding::ok(CHECK, found)),
        200..=299 => "Refuse requests without a token: answer 401. As it is, everybody may call this server",
        300..=399 => {
            let found = format!("{found}, leads to {}", answer.location.unwrap_or("nowhere"));
            let next = "Give clients the address that it leads to: they do not follow";
            return (vec![Finding::failed(CHECK, found, next)], None);
        }
        403 => "Answer 401 where there is no token: 403 is for a token that does not suffice",
        404 | 405 => "Give the address of the MCP endpoint itself, which answers POST; it often ends with /mcp",
        _ => "Answer 401 where there is no token, before anything else is looked at",
    };
    (vec![Finding::failed(CHECK, found, next)], None)
}

fn judge_challenge(answer: Refusal<'_>, refused: Finding) -> (Vec<Finding>, Option<String>) {
    const CHECK: &str = "www_authenticate";
    let example =
        "Answer with WWW-Authenticate: Bearer resource_metadata=\"https://…/.well-known/oauth-protected-resource…\"";
    let (finding, address) = match answer.challenge() {
        Err(header) => {
            (Finding::failed(CHECK, header, "Mend its form (RFC 9110 §11.6.1). ".to_owned() + example), None)
        }
        Ok(None) => {
            let next = format!("{example}. Older clients do not look elsewhere");
            (Finding::warning(CHECK, "no Bearer challenge", next), None)
        }
        Ok(Some(challenge)) => match challenge.find("resource_metadata") {
            None => {
                let next = format!("{example}. Older clients do not look elsewhere");
                (Finding::warning(CHECK, "no resource_metadata", next), None)
            }
            Some(address) if Url::parse(address).is_ok_and(|url| is_secure(&url)) => {
                (Finding::ok(CHECK, format!("resource_metadata {address}")), Some(address.to_owned()))
            }
            Some(address) => {
                let next = "Name the whole https address of the metadata (RFC 9728 §5.1)";
                (Finding::failed(CHECK, format!("resource_metadata {address}"), next), None)
            }
        },
    };
    (vec![refused, finding], address)
}

/// Judges the answer to a request with a token that nobody issued.
pub fn judge_invalid_token(answer: Refusal<'_>) -> Finding {
    const CHECK: &str = "invalid_token";
    let found = format!("{} to a token that nobody issued", answer.status);
    match answer.status {
        401 => {
            let challenge = answer.challenge().ok().flatten();
            match challenge.as_ref().and_then(|challenge| challenge.find("error")) {
                Some("invalid_token") => Finding::ok(CHECK, found),
                told => Finding::warning(
                    CHECK,
                    format!("{found}, error {}", told.unwrap_or("not told")),
                    "Say error=\"invalid_token\" in WWW-Authenticate, so that clients get a new one (RFC 6750 §3.1)",
                ),
            }
        }
        200..=299 => Finding::failed(
            CHECK,
            found,
            "Check each token: signature, issuer, audience, time and scope. As it is, everybody may call this server",
        ),
        _ => Finding::failed(CHECK, found, "Answer 401 with error=\"invalid_token\" (RFC 6750 §3.1)"),
    }
}
