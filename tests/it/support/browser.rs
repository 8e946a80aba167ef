//! A browser without scripts: cookies, redirects followed by hand, forms filled in.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::{
    Answer, Grant, PASSWORD, Person, RelyingParty, Request, TestApp, form_encode,
    html::{Form, forms},
};

/// Somebody's browser.
pub struct Browser<'a> {
    app: &'a TestApp,
    /// The cookies, by name.
    pub cookies: BTreeMap<String, String>,
}

/// Where a navigation ended.
pub enum Stop {
    /// On a page of the server.
    Page(Page),
    /// At another place.
    Away(Away),
}

/// A page.
pub struct Page {
    /// As it came.
    pub answer: Answer,
    /// Its address.
    pub path: String,
}

/// The browser left for another place.
pub struct Away {
    /// The answer that sent it there.
    pub answer: Answer,
    /// Where.
    pub url: String,
    /// The form, if it was sent with one.
    pub form: Option<Form>,
}

/// What an authorization request says.
#[derive(Clone, Debug)]
pub struct Authorize {
    fields: Vec<(String, String)>,
    verifier: String,
}

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

impl Authorize {
    /// What a well-behaved client sends for these scopes.
    pub fn new(rp: &RelyingParty, scope: &str) -> Self {
        let fields = [
            ("response_type", "code"),
            ("client_id", rp.client_id.as_str()),
            ("redirect_uri", &rp.redirect_uri),
            ("scope", scope),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { fields, verifier: VERIFIER.to_owned() }
    }

    /// Without this parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// With this value instead.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With this parameter once more.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What the app needs to redeem this code, which answers the request.
    pub fn redeem(&self, code: &str) -> Grant {
        let redirect_uri = self.fields.iter().find(|(name, _)| name == "redirect_uri");
        Grant {
            code: code.to_owned(),
            redirect_uri: redirect_uri.map(|(_, value)| value.clone()).expect("a redirect_uri"),
            verifier: Some(self.verifier.clone()),
            authorization: symbolon::domain::ids::AuthorizationId::new(""),
            session: symbolon::domain::ids::SessionId::new(""),
        }
    }

    /// All that it says, as the claims of a good request object.
    pub fn claims(&self, app: &TestApp) -> Value {
        let now = app.now().seconds();
        let mut claims = json!({ "aud": app.issuer(), "nbf": now, "iat": now, "exp": now + 300 });
        for (name, value) in &self.fields {
            claims[name.as_str()] = value.as_str().into();
        }
        claims["iss"] = claims["client_id"].clone();
        claims
    }

    /// As a form.
    pub fn encoded(&self) -> String {
        let fields: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        form_encode(&fields)
    }

    /// As they are pushed: whoever authenticates adds its own name.
    pub fn pushed(&self) -> Vec<(&str, &str)> {
        let fields = self.fields.iter().filter(|(name, _)| name != "client_id");
        fields.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// As an address.
    pub fn target(&self) -> String {
        format!("/oauth2/authorize?{}", self.encoded())
    }
}

impl TestApp {
    /// A browser that was never here.
    pub fn browser(&self) -> Browser<'_> {
        Browser { app: self, cookies: BTreeMap::new() }
    }
}

impl Browser<'_> {
    /// Sends one request with the cookies, and keeps those that come back.
    pub async fn request(&mut self, request: Request) -> Answer {
        let answer = self.app.send(self.with_cookies(request)).await;
        for (_, cookie) in answer.response.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = cookie.split_once(';').expect("a cookie has attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// A request as this browser would send it now.
    pub fn with_cookies(&self, request: Request) -> Request {
        if self.cookies.is_empty() {
            return request;
        }
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.header("Cookie", pairs.join("; "))
    }

    /// Opens an address, and follows it to where it ends.
    pub async fn open(&mut self, target: &str) -> Stop {
        let answer = self.request(Request::get(target)).await;
        self.follow(answer, target).await
    }

    /// Begins a sign-in for an app.
    pub async fn authorize(&mut self, request: &Authorize) -> Stop {
        self.open(&request.target()).await
    }

    async fn follow(&mut self, mut answer: Answer, target: &str) -> Stop {
        let mut path = target.to_owned();
        for _ in 0..10 {
            if !(300..400).contains(&answer.response.status) {
                let form = (answer.response.status == 200)
                    .then(|| forms(answer.response.text()).into_iter().find(|form| !form.action.starts_with('/')))
                    .flatten();
                return match form {
                    Some(form) => Stop::Away(Away { url: form.action.clone(), form: Some(form), answer }),
                    None => Stop::Page(Page { answer, path }),
                };
            }
            assert_eq!(answer.response.status, 303, "credentials are never sent on: {}", answer.response);
            let location = answer.response.header("location").expect("a redirect says where").to_owned();
            path = match location.strip_prefix(self.app.issuer()).filter(|path| path.starts_with('/')) {
                Some(path) => path.to_owned(),
                None if location.starts_with('/') && !location.starts_with("//") => location,
                None => return Stop::Away(Away { answer, url: location, form: None }),
            };
            answer = self.request(Request::get(&path)).await;
        }
        panic!("redirected for ever: {path}");
    }

    /// Fills in the form that has this button, and presses it.
    pub async fn press(&mut self, page: &Page, button: &str, typed: &[(&str, &str)]) -> Stop {
        let (action, request) = page.pressed(button, typed);
        let answer = self.request(request).await;
        self.follow(answer, &action).await
    }

    /// What [`Self::press`] would send now.
    pub fn pressing(&self, page: &Page, button: &str, typed: &[(&str, &str)]) -> Request {
        self.with_cookies(page.pressed(button, typed).1)
    }

    /// Types a name and a password.
    pub async fn sign_in(&mut self, page: &Page, username: &str, password: &str) -> Stop {
        self.press(page, "login-submit", &[("username", username), ("password", password)]).await
    }

    /// Goes through whatever pages come up, and arrives at the app with a code.
    pub async fn grant(&mut self, person: &Person, request: &Authorize) -> Grant {
        self.grant_at(&request.target(), person, request).await
    }

    /// As [`Browser::grant`], where another address stands for the request.
    pub async fn grant_at(&mut self, target: &str, person: &Person, request: &Authorize) -> Grant {
        self.arrive_at(target, person).await.grant(request)
    }

    /// Goes through whatever pages come up, and arrives at the app.
    pub async fn arrive(&mut self, person: &Person, request: &Authorize) -> Away {
        self.arrive_at(&request.target(), person).await
    }

    /// As [`Browser::arrive`], where another address stands for the request.
    pub async fn arrive_at(&mut self, target: &str, person: &Person) -> Away {
        let mut stop = self.open(target).await;
        for _ in 0..4 {
            stop = match stop {
                Stop::Away(away) => return away,
                Stop::Page(page) if page.path.starts_with("/sign-in/") => {
                    self.sign_in(&page, &person.username, PASSWORD).await
                }
                Stop::Page(page) if page.path.starts_with("/consent/") => self.press(&page, "consent-allow", &[]).await,
                Stop::Page(page) => panic!("not a page of a sign-in: {}\n{}", page.path, page.answer.response),
            };
        }
        panic!("still here after four pages");
    }
}

impl Stop {
    /// A page below this path.
    pub fn page(self, prefix: &str) -> Page {
        match self {
            Self::Page(page) if page.path.starts_with(prefix) => page,
            Self::Page(page) => panic!("expected {prefix}, got {}\n{}", page.path, page.answer.response),
            Self::Away(away) => panic!("expected {prefix}, sent to {}", away.url),
        }
    }

    /// Another place.
    pub fn away(self) -> Away {
        match self {
            Self::Away(away) => away,
            Self::Page(page) => panic!("expected to leave, got {}\n{}", page.path, page.answer.response),
        }
    }
}

impl Page {
    /// The form that has this button, with what it would send.
    pub fn filled(&self, button: &str, typed: &[(&str, &str)]) -> (Form, Vec<(String, String)>) {
        let form = forms(self.answer.response.text())
            .into_iter()
            .find(|form| form.buttons.iter().any(|(id, _)| id == button))
            .unwrap_or_else(|| panic!("no button {button}: {}", self.answer.response));
        let mut fields = form.hidden.clone();
        for (name, value) in typed {
            assert!(form.inputs.iter().any(|known| known == name), "the form asks for {name}");
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let pressed = form.buttons.iter().find(|(id, _)| id == button).and_then(|(_, pair)| pair.clone());
        fields.extend(pressed);
        (form, fields)
    }

    /// Where that goes, and with what.
    fn pressed(&self, button: &str, typed: &[(&str, &str)]) -> (String, Request) {
        let (form, fields) = self.filled(button, typed);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = Request::form(&form.action, &fields);
        (form.action, request)
    }

    /// Whether there is an element with this id.
    pub fn has(&self, id: &str) -> bool {
        self.answer.response.text().contains(&format!("id=\"{id}\""))
    }

    /// The page is shown again with this code next to a field or above the form.
    pub async fn complains(&self, status: u16, code: &str) {
        let shown = self.answer.response.text().contains(&format!("data-code=\"{code}\""));
        if self.answer.response.status != status || !shown {
            panic!("expected {status} with {code}\n{}", self.answer.explained().await);
        }
    }
}

impl Away {
    /// The parameters of the answer, wherever the response mode put them; none twice.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        let url = Url::parse(&self.url).expect("an address");
        let pairs: Vec<(String, String)> = match (&self.form, url.fragment()) {
            (Some(form), _) => form.hidden.clone(),
            (None, Some(fragment)) => url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect(),
            (None, None) => url.query_pairs().into_owned().collect(),
        };
        let count = pairs.len();
        let parameters: BTreeMap<String, String> = pairs.into_iter().collect();
        assert_eq!(parameters.len(), count, "no parameter comes twice: {}", self.url);
        parameters
    }

    /// The code that the app was handed.
    pub fn grant(&self, request: &Authorize) -> Grant {
        let parameters = self.parameters();
        request.redeem(parameters.get("code").unwrap_or_else(|| panic!("no code: {}", self.url)))
    }

    /// The app hears a refusal: these members and no others (behaviours 49 and 50), and the private
    /// reason is in the record.
    pub async fn refused(&self, app: &TestApp, error: &str, reason: &str) {
        let parameters = self.parameters();
        let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
        let expected: &[&str] = if parameters.contains_key("state") {
            &["error", "error_description", "error_uri", "iss", "state"]
        } else {
            &["error", "error_description", "error_uri", "iss"]
        };
        let description = &parameters["error_description"];
        let printable = description.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\');
        let record = app.record(self.answer.trace_id()).await;
        let found = record.as_ref().and_then(symbolon::domain::trace::DecisionRecord::reason).map(|found| found.code());
        let right = parameters["error"] == error
            && parameters["iss"] == app.issuer()
            && parameters["error_uri"] == app.services.issuer.join(&format!("/docs/errors/{reason}"))
            && names == expected
            && printable
            && found == Some(reason);
        assert!(right, "expected {error} {reason}: {parameters:?}\n{record:#?}");
    }
}
