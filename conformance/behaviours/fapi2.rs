//! The clients of FAPI 2.0: of the security profile, or of the one that signs messages too; a key instead of a secret,
//! pushed requests, tokens that are bound to a key, and whatever is signed is signed as the profile wants it.

use symbolon::domain::{
    entity::{ClientKind, ClientSettings},
    jose::SigningAlgorithm,
    oauth::{CLIENT_ASSERTION_TYPE, SecurityProfile, check_settings},
};

use crate::support::{
    Answer, Authorize, Browser, ClientKey, ClientSpec, Credentials, DpopKey, Grant, Person, RelyingParty, Request,
    TestApp, Tokens,
};

/// Where requests are pushed.
pub const PAR: &str = "/oauth2/par";
/// Where codes are redeemed.
pub const TOKEN: &str = "/oauth2/token";
/// The protected resource of this server.
pub const USERINFO: &str = "/oauth2/userinfo";

/// A client of FAPI 2.0.
#[derive(Clone)]
pub struct Fapi {
    /// The app; it authenticates with its key.
    pub rp: RelyingParty,
    /// What it authenticates with.
    pub key: ClientKey,
    /// What its tokens are bound to.
    pub dpop: DpopKey,
}

/// One with a key of this algorithm, which also signs what is told to it.
pub async fn client_with(
    app: &TestApp,
    id: &str,
    algorithm: SigningAlgorithm,
    change: impl FnOnce(&mut ClientSettings),
) -> Fapi {
    client_of(app, SecurityProfile::Fapi2Security, id, algorithm, change).await
}

/// One of this profile.
pub async fn client_of(
    app: &TestApp,
    profile: SecurityProfile,
    id: &str,
    algorithm: SigningAlgorithm,
    change: impl FnOnce(&mut ClientSettings),
) -> Fapi {
    let key = ClientKey::generate(algorithm);
    let spec = ClientSpec::web(id).keyed(&key).set(|settings| {
        settings.id_token_signed_response_alg = algorithm;
        settings.authorization_signed_response_alg = algorithm;
        *settings = profile.apply(settings.clone());
        change(settings);
        assert_eq!(check_settings(ClientKind::Web, settings), Ok(()), "an administrator could register it");
    });
    let rp = app.client(spec).await.with(Credentials::Key(key.clone()));
    Fapi { rp, key, dpop: DpopKey::new() }
}

/// One like most.
pub async fn client(app: &TestApp, id: &str) -> Fapi {
    client_with(app, id, SigningAlgorithm::ES256, |_| {}).await
}

/// Besides its own keys the client has this one.
pub fn with_key(settings: &mut ClientSettings, key: &ClientKey) {
    let keys = settings.jwks.as_mut().expect("keys");
    keys["keys"].as_array_mut().expect("a list").push(key.jwk().into());
}

/// The second of a plan, whose address has a query.
pub async fn client_with_query(app: &TestApp, id: &str) -> Fapi {
    let uri = format!("https://{id}.example/callback?dummy1=lorem&dummy2=ipsum");
    client_with(app, id, SigningAlgorithm::PS256, move |settings| settings.redirect_uris = vec![uri]).await
}

impl Fapi {
    /// The address of a pushed request.
    pub async fn pushed(&self, request: &Authorize) -> String {
        self.rp.by_reference(&self.rp.push(request).await.pushed().await)
    }

    /// Pushes a request with an assertion of the test's own making.
    pub async fn push_with(&self, assertion: &str) -> Answer {
        let request = Authorize::new(&self.rp, "openid");
        self.rp.send(&self.asserting(PAR, request.pushed(), assertion)).await
    }

    /// Redeems a code with an assertion of the test's own making.
    pub async fn redeem_with(&self, app: &TestApp, grant: &Grant, assertion: &str) -> Answer {
        let request = self.asserting(TOKEN, Self::redemption(grant), assertion);
        self.rp.send(&request.header("DPoP", self.dpop.sign(&self.dpop.proof(app, TOKEN)))).await
    }

    fn asserting<'a>(&self, path: &str, mut fields: Vec<(&'a str, &'a str)>, assertion: &'a str) -> Request {
        fields.extend([("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", assertion)]);
        self.rp.with(Credentials::Nothing).request(path, &fields)
    }

    /// Pushes a request, signs somebody in, and gives the code.
    pub async fn grant(&self, browser: &mut Browser<'_>, person: &Person, request: &Authorize) -> Grant {
        browser.grant_at(&self.pushed(request).await, person, request).await
    }

    /// A request to the token endpoint with a proof of this key.
    pub fn proven(&self, app: &TestApp, fields: &[(&str, &str)], key: &DpopKey) -> Request {
        self.rp.request(TOKEN, fields).header("DPoP", key.sign(&key.proof(app, TOKEN)))
    }

    /// What the redemption of a code says.
    pub fn redemption(grant: &Grant) -> Vec<(&str, &str)> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", grant.code.as_str()),
            ("redirect_uri", grant.redirect_uri.as_str()),
        ];
        fields.extend(grant.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
        fields
    }

    /// Redeems a code.
    pub async fn redeem(&self, app: &TestApp, grant: &Grant) -> Answer {
        self.rp.send(&self.proven(app, &Self::redemption(grant), &self.dpop)).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, app: &TestApp, token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.rp.send(&self.proven(app, &fields, &self.dpop)).await
    }

    /// Signs somebody in, in a fresh browser, and redeems the code.
    pub async fn signed_in(&self, app: &TestApp, person: &Person, scope: &str) -> Tokens {
        let grant = self.grant(&mut app.browser(), person, &Authorize::new(&self.rp, scope)).await;
        self.redeem(app, &grant).await.ok_as("DPoP").await
    }

    /// Asks the protected resource.
    pub async fn userinfo(&self, app: &TestApp, token: &str) -> Answer {
        app.send(self.dpop.userinfo(app, token)).await
    }
}
