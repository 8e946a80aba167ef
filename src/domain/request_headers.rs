//! What the headers of a request say, where it takes more than a comparison: media types (RFC 9110 §8.3 and
//! §12.5.1), the addresses that proxies add, and the certificates that they tell (RFC 9440).

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Whether a `Content-Type` is that of a form, in the only encoding that forms have (RFC 6749 appendix B).
pub fn is_form(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let charset_is_utf8 = parts.all(|part| match part.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    media_type.eq_ignore_ascii_case(FORM) && charset_is_utf8
}

/// Whether a `Content-Type` is that of JSON, whatever its parameters (RFC 8259 §11: there are none).
pub fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON)
}

/// Whether `Accept` headers name this media type, other than to refuse it (RFC 9110 §12.5.1).
pub fn accepts<'a>(headers: impl IntoIterator<Item = &'a str>, media_type: &str) -> bool {
    headers.into_iter().flat_map(|text| text.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(media_type));
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        });
        named && !refused
    })
}

/// What a browser tells of who made it send a request, and for what (Fetch Metadata §2). Other clients, and old
/// browsers, tell nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct FetchMetadata<'a> {
    /// `Sec-Fetch-Site`.
    pub site: Option<&'a str>,
    /// `Sec-Fetch-Mode`.
    pub mode: Option<&'a str>,
    /// `Sec-Fetch-Dest`.
    pub dest: Option<&'a str>,
}

impl FetchMetadata<'_> {
    /// Whether a page that acts with a browser's cookies answers at all. Pages of other sites only send browsers
    /// here: by GET and in a window, as a link does; or, where applications send people (`invites`), also by
    /// POST and inside of a frame (OIDC Core 3.1.2.1). `reads`: the method is GET or HEAD.
    pub fn admits(self, reads: bool, invites: bool) -> bool {
        if matches!(self.site, None | Some("same-origin" | "same-site" | "none")) {
            return true;
        }
        self.mode == Some("navigate") && (invites || (reads && self.dest == Some("document")))
    }
}

/// The address that a request comes from. What `X-Forwarded-For` adds counts only from a declared proxy, and then
/// from the right, up to the first address that is none.
pub fn find_sender<'a>(
    peer: IpAddr,
    forwarded_for: impl IntoIterator<Item = &'a str>,
    trusts: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    if !trusts(peer) {
        return peer;
    }
    let told: Vec<&str> = forwarded_for.into_iter().flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut address = peer;
    for text in told.iter().rev() {
        // What is not an address ends the part that can be believed.
        let Ok(next) = text.parse::<IpAddr>() else { break };
        address = next;
        if !trusts(next) {
            break;
        }
    }
    address
}

/// The certificates of `Client-Cert` and `Client-Cert-Chain`, in DER, the client's own first: byte sequences of
/// RFC 8941 (RFC 9440 §2).
pub fn parse_client_certificates(own: &str, chain: Option<&str>) -> Option<Vec<Vec<u8>>> {
    let bytes = |text: &str| STANDARD.decode(text.trim().strip_prefix(':')?.strip_suffix(':')?).ok();
    let mut shown = vec![bytes(own)?];
    if let Some(chain) = chain {
        shown.extend(chain.split(',').map(bytes).collect::<Option<Vec<_>>>()?);
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_another_site_may_send_a_browser_and_do_nothing_in_its_name() {
        let admits = |site, mode, dest, reads, invites| FetchMetadata { site, mode, dest }.admits(reads, invites);
        for site in [None, Some("same-origin"), Some("same-site"), Some("none")] {
            for (reads, invites) in [(false, false), (false, true), (true, false), (true, true)] {
                assert!(admits(site, Some("cors"), Some("empty"), reads, invites), "{site:?}");
            }
        }
        for site in ["cross-site", "", "Same-Origin", "same-origin, cross-site"].map(Some) {
            let navigates = |dest, reads, invites| admits(site, Some("navigate"), Some(dest), reads, invites);
            assert!(navigates("document", true, false) && navigates("document", false, true), "{site:?}");
            assert!(navigates("iframe", true, true) && navigates("iframe", false, true), "{site:?}");
            assert!(!navigates("document", false, false) && !navigates("iframe", true, false), "{site:?}");
            for mode in [None, Some("cors"), Some("no-cors"), Some("websocket"), Some("")] {
                assert!(!admits(site, mode, Some("document"), true, true), "{site:?} {mode:?}");
            }
        }
    }

    #[test]
    fn only_a_form_in_utf_8_is_a_form() {
        for form in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLencoded ; charset=UTF-8",
            "application/x-www-form-urlencoded; charset=\"utf-8\"; boundary=x",
        ] {
            assert!(is_form(form), "{form}");
        }
        for other in [
            "",
            ";",
            "application/json",
            "application/x-www-form-urlencoded, application/json",
            "application/x-www-form-urlencoded; charset=latin1",
            "application/x-www-form-urlencoded; charset=utf-8; charset=utf-16",
            "application/x-www-form-urlencoded; charset=",
            "multipart/form-data; application/x-www-form-urlencoded",
        ] {
            assert!(!is_form(other), "{other}");
        }
    }

    #[test]
    fn only_json_is_json() {
        for json in ["application/json", "Application/JSON;charset=utf-8", " application/json ; x"] {
            assert!(is_json(json), "{json}");
        }
        for other in ["", ";application/json", "text/json", "application/json5", "application/json, text/plain"] {
            assert!(!is_json(other), "{other}");
        }
    }

    #[test]
    fn a_media_type_is_accepted_where_it_is_named_and_not_refused() {
        const WANTED: &str = "application/token-introspection+jwt";
        for headers in [
            &[WANTED][..],
            &["application/json, Application/Token-Introspection+JWT;q=0.1"],
            &["text/html", WANTED],
            &["application/token-introspection+jwt; q=0, application/token-introspection+jwt"],
        ] {
            assert!(accepts(headers.iter().copied(), WANTED), "{headers:?}");
        }
        for headers in [
            &[][..],
            &[""],
            &["*/*"],
            &["application/*"],
            &["application/json"],
            &["application/token-introspection+jwt;q=0"],
            &["application/token-introspection+jwt; Q=0.000"],
            &["application/token-introspection+jwt;q=-1"],
            &["application/token-introspection+jwt2"],
        ] {
            assert!(!accepts(headers.iter().copied(), WANTED), "{headers:?}");
        }
    }

    #[test]
    fn only_what_declared_proxies_add_is_believed() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [address("10.0.0.1"), address("10.0.0.2")];
        let sender = |peer: &str, headers: &[&str]| {
            find_sender(address(peer), headers.iter().copied(), |one| proxies.contains(&one)).to_string()
        };
        assert_eq!(sender("192.0.2.9", &["198.51.100.1"]), "192.0.2.9", "a stranger may write what it likes");
        assert_eq!(sender("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(sender("10.0.0.1", &["198.51.100.1, 192.0.2.9"]), "192.0.2.9");
        assert_eq!(sender("10.0.0.1", &["198.51.100.1, 192.0.2.9, 10.0.0.2"]), "192.0.2.9");
        assert_eq!(sender("10.0.0.1", &["192.0.2.9", "10.0.0.2"]), "192.0.2.9", "headers are one list");
        assert_eq!(sender("10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        for broken in ["", "unknown", "192.0.2.9:80", "192.0.2.9, ", "[2001:db8::1]", "192.0.2.9, x"] {
            assert_eq!(sender("10.0.0.1", &[broken]), "10.0.0.1", "{broken}");
        }
    }

    #[test]
    fn certificates_are_byte_sequences_and_nothing_else() {
        let parse = parse_client_certificates;
        assert_eq!(parse(":AQID:", None), Some(vec![vec![1, 2, 3]]));
        assert_eq!(parse(" :AQID: ", Some(":BA==:, :BQ==:")), Some(vec![vec![1, 2, 3], vec![4], vec![5]]));
        for own in ["", ":", "AQID", ":AQID", "AQID:", "\"AQID\"", ":AQI:", ":AQ-_:", ":AQID:, :BA==:", ":AQID:;a=1"] {
            assert_eq!(parse(own, None), None, "{own}");
        }
        for chain in ["", ",", ":BA==:,", "BA==", ":BA==: :BQ==:", ":BA=:"] {
            assert_eq!(parse(":AQID:", Some(chain)), None, "{chain}");
        }
    }
}
