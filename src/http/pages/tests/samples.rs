//! One sample of every page in every state that looks different.

use crate::http::pages::context::*;
use crate::http::pages::{Page, PageKind, Pages};

/// A rendered sample.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) html: String,
    pub(super) kind: PageKind,
    pub(super) template: &'static str,
}

pub(super) fn pages() -> Pages {
    Pages::new("", None).expect("the built-in templates parse")
}

struct Album {
    pages: Pages,
    layout: Layout,
    samples: Vec<Sample>,
}

impl Album {
    fn add<P: Page>(&mut self, name: &str, page: &P) {
        let html = self.pages.render(page, &self.layout).unwrap_or_else(|error| panic!("{name}: {error}"));
        self.samples.push(Sample { name: name.to_owned(), html, kind: P::KIND, template: P::TEMPLATE });
    }
}

/// What the samples say where a stranger may choose the words.
pub(super) struct Words<'a> {
    pub(super) instance: &'a str,
    pub(super) app: &'a str,
    pub(super) person: &'a str,
    pub(super) value: &'a str,
}

pub(super) const FRIENDLY: Words<'static> = Words {
    instance: "Acme",
    app: "Grafana",
    person: "Ana Ferreira",
    value: "https://grafana.example.com/login/oauth/",
};

/// All samples with the same text in every field that a stranger may choose.
pub(super) fn all_saying(text: &str) -> Vec<Sample> {
    all(&Words { instance: text, app: text, person: text, value: text })
}

pub(super) fn all(words: &Words<'_>) -> Vec<Sample> {
    let mut album = Album { pages: pages(), layout: Layout::new(words.instance), samples: Vec::new() };
    sign_in(&mut album, words);
    sign_up(&mut album, words);
    consent(&mut album, words);
    deferred(&mut album, words);
    endings(&mut album, words);
    site(&mut album, words);
    documentation(&mut album, words);
    playground(&mut album, words);
    album.samples
}

pub(super) fn client(words: &Words<'_>) -> ClientCard {
    let host = if words.app == FRIENDLY.app { "grafana.example.com" } else { words.app };
    ClientCard::new(words.app, host, None)
}

pub(super) fn account(words: &Words<'_>) -> Account {
    let email = if words.person == FRIENDLY.person { "ana@example.com" } else { "x" };
    Account::new(words.person, Some(email))
}

pub(super) fn sign_in_page(words: &Words<'_>) -> SignIn {
    SignIn {
        action_url: "/sign-in/sym_in_x".to_owned(),
        csrf: words.value.to_owned(),
        client: Some(client(words)),
        username: String::new(),
        login_hint: None,
        error: None,
        note: None,
        continue_as: None,
        sign_up_url: None,
        status: 200,
    }
}

fn sign_in(album: &mut Album, words: &Words<'_>) {
    let page = sign_in_page(words);
    album.add("sign-in", &page);
    album.add("sign-in-without-client", &SignIn { client: None, ..page.clone() });
    album.add("sign-in-hinted", &SignIn { login_hint: Some(words.value.to_owned()), ..page.clone() });
    let again =
        SignIn { username: if words.app == FRIENDLY.app { "ana" } else { words.value }.to_owned(), ..page.clone() };
    let errors = [
        ("mismatch", FieldError::credentials_do_not_match("AS-2001")),
        ("throttled", FieldError::throttled("AS-2002", 4)),
        ("busy", FieldError::busy("AS-2003")),
        ("password-missing", FieldError::password_missing("AS-2004")),
    ];
    for (name, error) in errors {
        album.add(&format!("sign-in-{name}"), &SignIn { error: Some(error), ..again.clone() });
    }
    let chooser = SignIn {
        note: Some("Choose the account to go on with.".to_owned()),
        continue_as: Some(ContinueAs { account: account(words), csrf: words.value.to_owned() }),
        ..page.clone()
    };
    album.add("sign-in-continue-as", &chooser);
    let newcomer = SignIn { sign_up_url: Some("/sign-up/sym_in_x".to_owned()), ..page.clone() };
    album.add("sign-in-or-up", &newcomer);
    let nameless = SignIn { error: Some(FieldError::username_missing("AS-2005")), ..page.clone() };
    album.add("sign-in-username-missing", &nameless);
    for (name, theme) in [("light", Theme::Light), ("dark", Theme::Dark)] {
        album.layout.theme = Some(theme);
        album.add(&format!("sign-in-theme-{name}"), &page);
    }
    album.layout.theme = None;
}

pub(super) fn sign_up_page(words: &Words<'_>) -> SignUp {
    SignUp {
        action_url: "/sign-up/sym_in_x".to_owned(),
        sign_in_url: "/sign-in/sym_in_x".to_owned(),
        csrf: words.value.to_owned(),
        client: client(words),
        username: String::new(),
        email: String::new(),
        name: String::new(),
        password_rule: "At least 12 characters. A few random words are fine.".to_owned(),
        errors: Vec::new(),
        status: 200,
    }
}

fn sign_up(album: &mut Album, words: &Words<'_>) {
    let page = sign_up_page(words);
    album.add("sign-up", &page);
    let friendly = words.app == FRIENDLY.app;
    let typed = SignUp {
        username: if friendly { "ana" } else { words.value }.to_owned(),
        email: if friendly { "ana@example.com" } else { words.value }.to_owned(),
        name: words.person.to_owned(),
        ..page
    };
    let too_many = FieldError::form("AS-2103", "Too many accounts were created from this network.");
    let taken = FieldError::at("username", "AS-2102", "That username is taken. Choose another one.");
    for (name, error) in [
        ("taken", taken),
        ("email", FieldError::at("email", "AS-2013", "That is not an email address.")),
        ("password", FieldError::at("password", "AS-2011", "Use at least 12 characters.")),
        ("name", FieldError::at("name", "AS-3003", words.value)),
        ("throttled", FieldError::throttled("AS-2002", 4)),
        ("too-many", FieldError { severity: Severity::Wait, ..too_many }),
        ("busy", FieldError::busy("AS-2003")),
    ] {
        album.add(&format!("sign-up-{name}"), &SignUp { errors: vec![error], ..typed.clone() });
    }
}

pub(super) fn consent_page(words: &Words<'_>) -> Consent {
    Consent {
        action_url: "/consent/sym_in_x".to_owned(),
        csrf: words.value.to_owned(),
        client: client(words),
        account: account(words),
        asked: AskedFor {
            scopes: ["openid", "profile", "email", "groups", "offline_access"].map(ScopeLine::standard).to_vec(),
            ..AskedFor::default()
        },
        unverified: false,
        published_by: None,
        links: Vec::new(),
        contacts: Vec::new(),
        can_switch: true,
    }
}

/// Everything that can be asked for.
fn asked_in_detail(words: &Words<'_>) -> AskedFor {
    AskedFor {
        scopes: vec![
            ScopeLine::standard(words.value),
            ScopeLine::new("invoices.read", words.value, Some(words.value)),
            ScopeLine::standard("phone"),
            ScopeLine::standard("address"),
        ],
        apis: vec![
            AskedOfApi::new(
                words.value,
                "https://invoices.example.com",
                words.value,
                vec![ScopeLine::new("invoices.read", words.value, None)],
            ),
            AskedOfApi::new("Notes", "https://mcp.example.com/notes", "", Vec::new()),
        ],
        details: vec![
            AskedInDetail::new(
                "Payment",
                words.value,
                &[("amount.value".to_owned(), "5".to_owned()), (words.value.to_owned(), words.value.to_owned())],
            ),
            AskedInDetail::new(words.value, "", &[]),
        ],
    }
}

fn consent(album: &mut Album, words: &Words<'_>) {
    let page = consent_page(words);
    album.add("consent", &page);
    let logo = Href::parse("/assets/preview-logo.svg");
    let stranger = Consent {
        client: ClientCard::new(words.app, "an app on this computer", logo),
        asked: asked_in_detail(words),
        unverified: true,
        published_by: Some(words.app.to_owned()),
        links: [("consent-app-home", "Website"), ("consent-app-policy", "Privacy policy")]
            .into_iter()
            .filter_map(|(id, label)| AppLink::new(id, label, "https://app.example/"))
            .collect(),
        contacts: vec![words.value.to_owned(), words.app.to_owned()],
        can_switch: false,
        ..page
    };
    album.add("consent-unverified", &stranger);
    if let Some(url) = Href::parse("https://app.example/login?iss=x") {
        album.add("app-start", &AppStart { client: ClientCard::new(words.app, "app.example", None), url });
    }
}

fn deferred(album: &mut Album, words: &Words<'_>) {
    let entry = Device {
        action_url: "/device".to_owned(),
        csrf: words.value.to_owned(),
        user_code: String::new(),
        error: None,
        status: 200,
    };
    album.add("device", &entry);
    let unknown = FieldError::at("user_code", "AS-1600", "That code is not known here, or has expired.");
    album.add("device-unknown", &Device { user_code: words.value.to_owned(), error: Some(unknown), ..entry.clone() });
    album.add("device-throttled", &Device { error: Some(FieldError::throttled("AS-1601", 4)), ..entry });
    let page = Approve {
        action_url: "/approve/i".to_owned(),
        csrf: words.value.to_owned(),
        client: client(words),
        account: account(words),
        user_code: Some("BCDF-GHJK".to_owned()),
        binding_message: None,
        minutes: 3,
        time: "2026-11-20T10:14:03Z".to_owned(),
        address: Some("2001:db8:1111:2222:3333:4444:5555:6666".to_owned()),
        elsewhere: true,
        from_device: true,
        asked: AskedFor {
            scopes: ["openid", "profile", "email"].map(ScopeLine::standard).to_vec(),
            ..AskedFor::default()
        },
        unverified: false,
        published_by: None,
        error: None,
    };
    let named =
        Approve { user_code: None, binding_message: Some(words.value.to_owned()), from_device: false, ..page.clone() };
    album.add("approve-backchannel", &named);
    let waiting = |minutes, binding_message: Option<&str>| WaitingRequest {
        id: words.value.to_owned(),
        client: client(words),
        account: account(words),
        binding_message: binding_message.map(str::to_owned),
        minutes,
    };
    let list = Requests {
        action_url: "/requests".to_owned(),
        csrf: words.value.to_owned(),
        signed_in: true,
        sign_in_url: "/sign-in".to_owned(),
        waiting: vec![waiting(0, Some(words.value)), waiting(7, None)],
    };
    album.add("requests", &list);
    album.add("requests-none", &Requests { waiting: Vec::new(), ..list.clone() });
    album.add("requests-nobody", &Requests { signed_in: false, waiting: Vec::new(), ..list });
    album.add("approve", &page);
    let unticked = FieldError::at("started_here", "AS-1602", "Tick the box only if you started this yourself.");
    album.add("approve-unticked", &Approve { error: Some(unticked), ..page.clone() });
    album.add("approve-bare", &Approve { user_code: None, asked: AskedFor::default(), ..page.clone() });
    let stranger = Approve {
        asked: asked_in_detail(words),
        unverified: true,
        published_by: Some(words.app.to_owned()),
        ..page.clone()
    };
    album.add("approve-unverified", &stranger);
    let at_apis_only = AskedFor { scopes: Vec::new(), ..asked_in_detail(words) };
    album.add("approve-apis", &Approve { asked: at_apis_only, ..page });
    album.add("answered", &Answered { allowed: true });
    album.add("answered-denied", &Answered { allowed: false });
}

fn endings(album: &mut Album, words: &Words<'_>) {
    let confirm = SignOutConfirm {
        action_url: "/sign-out".to_owned(),
        csrf: words.value.to_owned(),
        account: Some(account(words)),
        fields: vec![("state".to_owned(), words.value.to_owned())],
        client: Some(client(words)),
        others: Vec::new(),
        apps: Vec::new(),
    };
    album.add("sign-out", &confirm);
    album.add("sign-out-plain", &SignOutConfirm { account: None, client: None, ..confirm.clone() });
    let other = AccountChoice { session: words.value.to_owned(), account: Account::new("Ben Okafor", None) };
    let apps = app_names([words.app, "Wiki"]);
    album.add("sign-out-apps", &SignOutConfirm { apps: apps.clone(), ..confirm.clone() });
    album.add("sign-out-several", &SignOutConfirm { others: vec![other.clone()], apps, ..confirm });
    let chooser = ChooseAccount {
        action_url: "/accounts/sym_in_x".to_owned(),
        csrf: words.value.to_owned(),
        client: client(words),
        accounts: vec![AccountChoice { session: words.value.to_owned(), account: account(words) }, other],
        other_url: "/sign-in/sym_in_x".to_owned(),
    };
    album.add("choose-account", &chooser);
    album.add("check-session", &CheckSession { cookie: "__Host-symbolon_state" });
    album.add("signed-out", &SignedOut::new(None, None));
    let home = Href::parse("https://grafana.example.com/");
    album.add("signed-out-continue", &SignedOut::new(home.clone(), Some(words.app)));
    album.add("signed-out-continue-nameless", &SignedOut::new(home.clone(), None));
    let frame = ("https://grafana.example.com/out?iss=x&sid=y", "https://grafana.example.com");
    album.add(
        "signed-out-frames",
        &SignedOut::new(home.clone(), Some(words.app)).with_apps([words.app, "Wiki"], [frame]),
    );
    album.add("signed-out-frames-stay", &SignedOut::new(None, None).with_apps([words.app], [frame]));
    let form_post = FormPost {
        action: home.expect("an https address"),
        fields: vec![("code".to_owned(), "sym_ac_x".to_owned()), ("state".to_owned(), words.value.to_owned())],
        client_name: Some(words.app.to_owned()),
    };
    album.add("form-post", &form_post);
    album.add("form-post-nameless", &FormPost { client_name: None, ..form_post });
}

pub(super) fn error_page(words: &Words<'_>) -> ErrorPage {
    ErrorPage {
        heading: "This sign-in link is not set up correctly".to_owned(),
        sentence: "The app asked to return to an address that is not on its list.".to_owned(),
        next_step: "You did nothing wrong. Go back to the app, or tell its administrator the code below.".to_owned(),
        code: "AS-1003".to_owned(),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        time: "2026-11-20T10:14:03Z".to_owned(),
        client: Some(words.app.to_owned()),
        home_url: Href::parse("https://grafana.example.com/"),
        sign_in_url: None,
        developer: Some(Developer::new(
            Some(if words.app == FRIENDLY.app { "redirect_uri" } else { words.value }),
            Some(words.value),
            "The address must be registered for the client, character by character.",
            Href::parse("https://id.example.com/docs/errors/AS-1003"),
        )),
        status: 400,
    }
}

fn site(album: &mut Album, words: &Words<'_>) {
    let error = error_page(words);
    album.add("error", &error);
    let closed = ErrorPage {
        heading: "That did not work".to_owned(),
        sentence: "Nobody can create an account here.".to_owned(),
        next_step: "Sign in if you have an account, or ask an administrator for one.".to_owned(),
        code: "AS-2101".to_owned(),
        sign_in_url: Href::parse("/sign-in/sym_in_x"),
        developer: None,
        ..error.clone()
    };
    album.add("error-sign-up-closed", &closed);
    album.add("error-bare", &ErrorPage { client: None, home_url: None, developer: None, ..error });
    let setup = Setup {
        action_url: "/setup".to_owned(),
        csrf: words.value.to_owned(),
        code: String::new(),
        username: String::new(),
        email: String::new(),
        name: String::new(),
        password_rule: "At least 12 characters. Any characters, spaces too.".to_owned(),
        errors: Vec::new(),
        status: 200,
    };
    album.add("setup", &setup);
    let refused = Setup {
        code: words.value.to_owned(),
        username: words.value.to_owned(),
        email: words.value.to_owned(),
        name: words.value.to_owned(),
        errors: vec![
            FieldError::at("email", "AS-3001", "This is not an email address."),
            FieldError::at("password", "AS-3002", "This password is too short."),
        ],
        status: 422,
        ..setup.clone()
    };
    album.add("setup-refused", &refused);
    let used =
        FieldError::at("code", "AS-3003", "This setup code is wrong or has expired. Restart the server for a new one.");
    album.add("setup-code-refused", &Setup { errors: vec![used], ..refused.clone() });
    let spent = FieldError::form("AS-3004", "An administrator exists already.");
    album.add("setup-form-refused", &Setup { errors: vec![spent], ..setup });
    let login = Command { what: "Sign in on the command line".to_owned(), command: "symbolon login".to_owned() };
    let create = Command {
        what: "Register your first application".to_owned(),
        command: "symbolon client create --preset spa --name demo --url http://localhost:5173".to_owned(),
    };
    let done = SetupDone { username: words.value.to_owned(), commands: vec![login, create] };
    album.add("setup-done", &done);
    album.add("setup-done-bare", &SetupDone { commands: Vec::new(), ..done });
    album.add("home", &Home::new("https://id.example.com", None, false, false));
    album.add("home-awaits-setup", &Home::new("https://id.example.com", None, true, false));
    album.add("home-signed-in", &Home::new("http://localhost:8080", Some(account(words)), false, true));
}

fn documentation(album: &mut Album, words: &Words<'_>) {
    let entry = |code: &str, summary: &str, oauth_error: Option<&str>| ErrorEntry {
        at_start: code.starts_with("AS-40"),
        code: code.to_owned(),
        summary: summary.to_owned(),
        next_step: "Send code_challenge and code_challenge_method=S256 with the authorization request.".to_owned(),
        audience: "the developer of the application".to_owned(),
        oauth_error: oauth_error.map(str::to_owned),
    };
    let entries = vec![
        entry("AS-1001", "The client is unknown or disabled.", None),
        entry("AS-1003", "The redirect_uri is not registered for this client.", None),
        entry("AS-1114", "The authorization code was used before.", Some("invalid_grant")),
        entry("AS-1301", "This client must send code_challenge (PKCE).", Some("invalid_request")),
        entry("AS-9901", words.value, None),
        entry("AS-4001", words.value, None),
    ];
    album.add("docs-errors", &DocsErrors::new("/docs/errors", entries.clone()));
    album.add("docs-error", &DocsError::new("/docs/errors", entries[3].clone()));
    album.add("docs-error-without-oauth", &DocsError::new("/docs/errors", entries[4].clone()));
    album.add("docs-error-of-a-start", &DocsError::new("/docs/errors", entries[5].clone()));
}

fn playground(album: &mut Album, words: &Words<'_>) {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let href = |address| Href::parse(address).expect("a web address");
    let dev_client = |id: &str, kind: &str, secret: Option<&str>, authentication: &str, uris: &[&str]| DevClient {
        id: id.to_owned(),
        kind: kind.to_owned(),
        secret: secret.map(str::to_owned),
        authentication: authentication.to_owned(),
        redirect_uris: texts(uris),
        scope: secret.map(|_| "openid profile email".to_owned()),
        can_sign_in: !uris.is_empty(),
    };
    let basic = "client_secret_basic or client_secret_post";
    let command = |what: &str, command: &str| Command { what: what.to_owned(), command: command.to_owned() };
    let home = DevHome {
        issuer: "http://localhost:8080".to_owned(),
        discovery_url: href("http://localhost:8080/.well-known/openid-configuration"),
        docs_url: href("/docs/errors"),
        sign_in_url: "/dev/sign-in".to_owned(),
        notice: Some("Signed out.".to_owned()),
        csrf: words.value.to_owned(),
        default_scope: "openid profile email offline_access".to_owned(),
        prompts: texts(&["login", "consent", "select_account", "none"]),
        response_modes: texts(&["query", "fragment", "form_post"]),
        clients: vec![
            dev_client(
                "demo-web",
                "web",
                Some("dev-secret"),
                basic,
                &["http://localhost:8080/dev/callback", "http://localhost:3000/callback"],
            ),
            dev_client("demo-spa", "single page", None, "PKCE only", &["http://localhost:5173/callback"]),
            dev_client(
                "demo-cli",
                "command line",
                None,
                "PKCE only",
                &["http://127.0.0.1/callback", "http://[::1]/callback"],
            ),
            dev_client("demo-m2m", "machine", Some("dev-secret"), basic, &[]),
        ],
        users: vec![
            DevUser::new("alice", "alice@example.com", "dev-password"),
            DevUser::new("bob", "bob@example.com", "dev-password"),
        ],
        samples: vec![
            command(
                "An access token for a machine",
                "curl -s localhost:8080/oauth2/token -u demo-m2m:dev-secret -d grant_type=client_credentials -d scope=demo.read",
            ),
            command("The discovery document", "curl -s localhost:8080/.well-known/openid-configuration"),
        ],
    };
    album.add("dev-home", &home);
    let json = format!("{{\n  \"sub\": \"u_7c1\",\n  \"name\": {:?}\n}}", words.person);
    let token = |header: Option<&str>, note: &str| TokenView {
        raw: format!("eyJhbGciOiJSUzI1NiJ9.{}", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo".repeat(9)),
        header: header.map(str::to_owned),
        claims: header.map(|_| json.clone()),
        note: Some(note.to_owned()),
    };
    let field = ("token".to_owned(), words.value.to_owned());
    let action = |id, label, url| DevAction::post(id, label, url, vec![field.clone()]);
    let header = "{\n  \"alg\": \"RS256\",\n  \"kid\": \"k1\"\n}";
    let result = DevResult {
        heading: format!("Signed in as {}", words.person),
        home_url: "/dev".to_owned(),
        csrf: words.value.to_owned(),
        client_id: "demo-web".to_owned(),
        scope: Some("openid profile email".to_owned()),
        error: None,
        actions: vec![
            action("dev-refresh", "Refresh", "/dev/refresh"),
            action("dev-introspect", "Introspect", "/dev/introspect"),
            action("dev-revoke", "Revoke", "/dev/revoke"),
            DevAction { method: "get", ..action("dev-sign-out", "Sign out", "/oauth2/logout") },
        ],
        id_token: Some(token(Some(header), "10 minutes")),
        access_token: Some(token(None, "opaque, 10 minutes")),
        refresh_token: Some(token(None, "30 days")),
        userinfo: Some(json.clone()),
        introspection: Some(json.clone()),
    };
    album.add("dev-result", &result);
    let refusal = DevResult {
        heading: "The server said no".to_owned(),
        home_url: "/dev".to_owned(),
        client_id: "demo-web".to_owned(),
        error: Some(DevError {
            code: "access_denied".to_owned(),
            description: Some(words.value.to_owned()),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            docs_url: Href::parse("http://localhost:8080/docs/errors/AS-1020"),
        }),
        ..DevResult::default()
    };
    album.add("dev-refused", &refusal);
}
