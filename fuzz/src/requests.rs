//! The head of a request, what an app asks for in JSON, and signed requests over the back channel.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use symbolon::{
    crypto::token,
    service::sessions::{MOST_ACCOUNTS, cookie_hashes},
};
use symbolon_domain::{
    Secret, Timestamp,
    entity::{Api, ApiSettings, Client, DetailsType, Owner},
    jose::SigningAlgorithm,
    json_schema::Schema,
    oauth::{
        BackchannelRequest, Carried, GrantType, Params, TokenScheme, check_carrier, check_details,
        check_signed_request, describe_fields, details_for, find_hosted, narrow_details, parse_details,
        protected_resource, resource_key, signed_parameters, type_of,
    },
    oidc::login_initiation::initiation_address,
    request_headers::{accepts, find_sender, is_form, is_json, parse_client_certificates},
};
use url::Url;

use crate::oauth::client;

const ISSUER: &str = "https://id.example";
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// A part of a request's head; the first byte says which.
pub fn request_head(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match which & 7 {
        0 => content_type(text),
        1 => accept(text),
        2 => authorization(text),
        3 => forwarded_for(text),
        4 => client_certificates(text),
        5 => metadata_path(text),
        6 => login_initiation(text),
        _ => session_cookie(text),
    }
}

fn content_type(text: &str) {
    assert!(!(is_form(text) && is_json(text)));
    assert_eq!(is_form(text), is_form(&text.to_ascii_uppercase()));
    assert_eq!(is_json(text), is_json(&text.to_ascii_uppercase()));
    assert!(!is_form(&format!("{text};charset=latin1")));
}

/// A line is a header.
fn accept(text: &str) {
    const WANTED: &str = "application/token-introspection+jwt";
    let accepts_with = |more: &str| accepts(text.split('\n').chain([more]), WANTED);
    let accepted = accepts(text.split('\n'), WANTED);
    assert!(!accepted || text.to_ascii_lowercase().contains(WANTED));
    assert_eq!(accepted, accepts_with("application/token-introspection+jwt;q=0, */*"));
    assert!(accepts_with(WANTED));
}

fn authorization(text: &str) {
    let Some((scheme, token)) = TokenScheme::parse_authorization(text) else { return };
    let token = token.expose();
    assert!(text.ends_with(token.as_str()) && !token.starts_with(char::is_whitespace));
    assert!(text.get(..scheme.name().len()).is_some_and(|name| name.eq_ignore_ascii_case(scheme.name())));
    let again = TokenScheme::parse_authorization(&format!("{} {token}", scheme.name()));
    assert!(again.is_some_and(|(same, text)| same == scheme && text.expose() == token));
}

/// The peer, and then a header on each line: who is no proxy cannot be spoken for by what stands left of it.
fn forwarded_for(text: &str) {
    let mut lines = text.split('\n');
    let Some(peer) = lines.next().and_then(|line| line.parse::<IpAddr>().ok()) else { return };
    let headers: Vec<&str> = lines.collect();
    let trusts = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.is_loopback(),
    };
    let sender = find_sender(peer, headers.iter().copied(), trusts);
    if !trusts(peer) {
        assert_eq!(sender, peer);
    }
    if !trusts(sender) {
        let forged = std::iter::once("192.0.2.1, 10.0.0.7").chain(headers.iter().copied());
        assert_eq!(find_sender(peer, forged, trusts), sender);
    }
    let mut told = headers.iter().flat_map(|header| header.split(',')).map(str::trim);
    assert!(sender == peer || told.any(|one| one.parse() == Ok(sender)));
}

/// `Client-Cert`, and `Client-Cert-Chain` on the second line: what was read is all that was sent.
fn client_certificates(text: &str) {
    let (own, chain) = text.split_once('\n').map_or((text, None), |(own, chain)| (own, Some(chain)));
    let Some(shown) = parse_client_certificates(own, chain) else { return };
    let told: Vec<String> = shown.iter().map(|der| format!(":{}:", STANDARD.encode(der))).collect();
    let sent = std::iter::once(own).chain(chain.into_iter().flat_map(|chain| chain.split(','))).map(str::trim);
    assert!(sent.eq(told.iter().map(String::as_str)));
}

fn api(resource: &str, public: bool, metadata_path: Option<&str>) -> Api {
    let metadata_path = metadata_path.map(str::to_owned);
    Api {
        resource: resource.to_owned(),
        name: "Notes".to_owned(),
        description: String::new(),
        settings: ApiSettings { public, metadata_path, ..ApiSettings::default() },
        owner: Owner::Cli,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// What comes after `/.well-known/oauth-protected-resource`: only a public API is found, and by its own address.
fn metadata_path(rest: &str) {
    let apis = [
        api("https://id.example/mcp", true, None),
        api("https://id.example/hidden", false, Some("hidden/v1")),
        api("https://files.example/", true, Some("files/v1")),
        api("https://id.example/", true, None),
    ];
    let Some(found) = find_hosted(&apis, ISSUER, rest) else { return };
    assert!(found.settings.public && rest.starts_with('/'));
    let derived = format!("{ISSUER}{rest}");
    assert!(
        resource_key(&found.resource) == resource_key(&derived)
            || found.settings.metadata_path.as_deref() == rest.get(1..)
    );
    assert_eq!(protected_resource(found, ISSUER)["resource"], found.resource.as_str());
}

/// `login_hint`, and `target_link_uri` on the second line: the browser goes to the app, with what the link said.
fn login_initiation(text: &str) {
    const AT: &str = "https://web.example/start?tenant=1";
    let (hint, target) = text.split_once('\n').map_or((text, None), |(hint, target)| (hint, Some(target)));
    let mut client = client(Vec::new());
    client.settings.initiate_login_uri = Some(AT.to_owned());
    let Ok(address) = initiation_address(Some(&client), ISSUER, Some(hint), target) else { return };
    assert!(address.starts_with(AT) && address.len() < 8192 + AT.len());
    let Ok(url) = Url::parse(&address) else { panic!("{address} is no address") };
    let values = |wanted: &str| -> Vec<String> {
        url.query_pairs().filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).collect()
    };
    assert_eq!(values("iss"), [ISSUER]);
    assert_eq!(values("tenant"), ["1"]);
    assert!(values("login_hint").iter().all(|one| one == hint));
    assert_eq!(values("target_link_uri"), target.into_iter().collect::<Vec<_>>());
    assert!(target.is_none_or(|target| Url::parse(target).is_ok_and(|target| target.origin() == url.origin())));
}

/// All of a cookie is secrets of sessions, and not too many, or none of it is.
fn session_cookie(text: &str) {
    let hashes = cookie_hashes(Some(&Secret::from(text)));
    assert!(hashes.len() <= MOST_ACCOUNTS);
    if !hashes.is_empty() {
        assert!(hashes.into_iter().eq(text.split('.').map(token::hash_of)));
    }
}

/// The schema of a type on the first line, then what is asked for: whatever passes keeps to the schema, and is
/// shown in bounds.
pub fn authorization_details(data: &[u8]) {
    let Some((schema, asked)) = std::str::from_utf8(data).ok().and_then(|text| text.split_once('\n')) else { return };
    let Ok(schema) = serde_json::from_str::<Value>(schema) else { return };
    let parsed = Schema::parse(&schema);
    let (readable, ours) = (parsed.is_ok(), "payment".to_owned());
    let Ok(params) = Params::from_pairs(&[("authorization_details", asked)]) else { return };
    let Ok(details) = parse_details(&params) else { return };
    if let Ok(schema) = &parsed {
        for object in &details {
            let place = schema.check(object).err().unwrap_or_default();
            assert!(place.len() <= asked.len() + 64);
        }
    }
    let shown: usize = details.iter().flat_map(describe_fields).map(|(path, value)| path.len() + value.len()).sum();
    assert!(shown <= 64 * 1024, "{shown} bytes are shown of {}", asked.len());
    assert_eq!(narrow_details(&details, &details).as_ref(), Ok(&details));
    let told = details_for(details.clone(), &["https://api.example".to_owned()]);
    let elsewhere = |object: &Value| object.get("locations").is_some_and(Value::is_array);
    assert!(told.iter().all(|object| details.contains(object)));
    assert!(details.iter().all(|object| elsewhere(object) || told.contains(object)));
    let mut client = client(Vec::new());
    client.settings.authorization_details_types = vec![ours.clone(), "other".to_owned()];
    let types = [DetailsType {
        name: ours,
        title: "Payment".to_owned(),
        description: String::new(),
        schema: schema.clone(),
        owner: Owner::Cli,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }];
    if check_details(&client, &details, &types).is_ok() {
        assert!(details.iter().all(|object| readable && type_of(object) == Some("payment")));
        assert!(details.iter().all(|object| keeps_to_names(&schema, object)));
    }
}

/// `required` and `additionalProperties` of the outermost object, by another way than the schema's own.
fn keeps_to_names(schema: &Value, object: &Value) -> bool {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let known = |name: &str| schema.get("properties").is_some_and(|known| known.get(name).is_some());
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let mut names = object.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    required.filter_map(Value::as_str).all(|name| object.get(name).is_some())
        && (!closed || names.all(|name| name == "type" || known(name)))
}

/// The form, then the header and the claims of the signed request, a line each.
pub fn signed_backchannel_request(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let (Some(form), Some(header), Some(claims)) = (lines.next(), lines.next(), lines.next()) else { return };
    let mut signing = client(Vec::new());
    signing.settings.grant_types.push(GrantType::Ciba);
    if let Ok(params) = Params::parse(form) {
        check_carried(&params, &signing);
    }
    signing.settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::ES256);
    let object = |text: &[u8]| serde_json::from_slice::<Map<String, Value>>(text);
    let (Ok(header), Ok(claims)) = (object(header), object(claims)) else { return };
    if let Ok(signed) = check_signed_request(&header, &claims, &signing, ISSUER, NOW) {
        assert_eq!(claims["jti"], signed.jti.expose().as_str());
        assert!(!signed.jti.expose().is_empty() && claims["iss"] == "web");
        assert!(signed.expires_at > NOW && signed.expires_at <= NOW.plus_seconds(3660));
    }
    let Ok(params) = signed_parameters(&claims) else { return };
    assert!(params.names().all(|name| !["iss", "aud", "exp", "jti", "request", "request_uri"].contains(&name)));
    let again = Params::parse(params.encoded().as_bytes());
    assert!(again.is_ok_and(|again| again.pairs().eq(params.pairs())));
    if let Ok(request) = BackchannelRequest::parse(&params, &signing) {
        assert!(request.binding_message.is_none_or(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~'))));
        assert!((1..=3600).contains(&request.lifetime));
    }
}

/// A client either signs its requests or it does not, and then nothing stands beside what is signed.
fn check_carried(params: &Params, plain: &Client) {
    if let Ok(carried) = check_carrier(params, plain) {
        assert!(carried == Carried::Plain && params.find("request").is_none());
    }
    let mut signing = plain.clone();
    signing.settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::ES256);
    if let Ok(carried) = check_carrier(params, &signing) {
        let Carried::Signed(object, allowed) = carried else { panic!("unsigned parameters count") };
        assert_eq!((Some(object), allowed.as_slice()), (params.find("request"), &[SigningAlgorithm::ES256][..]));
        assert!(params.find("scope").is_none() && params.find("login_hint").is_none());
    }
}
