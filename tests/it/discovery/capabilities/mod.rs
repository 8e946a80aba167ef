//! Metadata and behaviour agree: every member of the discovery document of a server that offers
//! everything is put to use, each value of it once, and one value that is not listed is refused. A
//! member that no case knows fails the test by its name.

mod endpoints;
mod grants;
mod jose;
mod requests;

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::ClientSettings,
        jose::{KeyManagementAlgorithm, SigningAlgorithm},
        oauth::GrantType,
    },
    net::fetcher::Reach,
    service::{admin::registration::PolicyChanges, keys},
};

use super::ok;
use crate::{
    mtls::support::with_proxy,
    support::{Authorize, ClientKey, ClientSpec, Database, GrantSpec, Person, RelyingParty, TestApp, Tokens},
};

/// An API of the registry, and a scope of it.
const API: &str = "https://photos.example";
const API_SCOPE: &str = "photos.read";
/// A type of authorization details.
const DETAILS: &str = "payment";

/// A server that offers everything.
struct Server {
    app: TestApp,
    document: Value,
    alice: Person,
    /// The key of clients that have one.
    key: ClientKey,
}

impl Server {
    /// One with this document.
    async fn start(database: Database, document: &str) -> Self {
        let app = TestApp::with(database, |options| {
            with_proxy(options);
            options.reach = Reach::DangerLoopback;
        })
        .await;
        for algorithm in SigningAlgorithm::ALL {
            app.ensure_key(algorithm).await;
        }
        for algorithm in KeyManagementAlgorithm::ALL {
            keys::ensure(&app.cx(), algorithm).await.expect("a key to encrypt to");
        }
        app.open_registration().await;
        app.open_documents().await;
        app.open_sign_up().await;
        app.registration_policy(PolicyChanges {
            grant_types: Some(GrantType::ALL.to_vec()),
            ..PolicyChanges::default()
        })
        .await;
        app.api_with(API, &[API_SCOPE], |settings| settings.public = true).await;
        app.details_type(DETAILS, json!({ "type": "object" })).await;
        let alice = app.person("alice").await;
        let document = app.document(document).await;
        Self { app, document, alice, key: ClientKey::generate(SigningAlgorithm::ES256) }
    }

    /// Uses every member.
    async fn put_to_use(&self) {
        let mut unknown = Vec::new();
        for member in self.document.as_object().expect("an object").keys() {
            let known = endpoints::put_to_use(self, member).await
                || grants::put_to_use(self, member).await
                || jose::put_to_use(self, member).await
                || requests::put_to_use(self, member).await;
            if !known {
                unknown.push(member.as_str());
            }
        }
        assert!(unknown.is_empty(), "no case puts these to use: {unknown:?}");
    }

    /// The values of a list.
    fn list(&self, member: &str) -> Vec<String> {
        ok::list(&self.document, member).into_iter().map(str::to_owned).collect()
    }

    /// The path of an endpoint.
    fn path(&self, member: &str) -> &str {
        ok::path(&self.app, &self.document, member)
    }

    /// A web application for everything, with these settings besides.
    async fn client(&self, change: impl FnOnce(&mut ClientSettings)) -> RelyingParty {
        // What happened in the same millisecond has no order, and the newest request is answered.
        self.app.clock.advance(1);
        let spec = ClientSpec::web(&self.app.fresh("app")).hybrid().set(|settings| {
            settings.grant_types = GrantType::ALL.to_vec();
            settings.scope.push(API_SCOPE.to_owned());
            settings.authorization_details_types.push(DETAILS.to_owned());
            settings.may_introspect = true;
        });
        self.app.client(spec.set(change)).await
    }

    /// What Alice grants a client.
    async fn tokens(&self, rp: &RelyingParty, scope: &str) -> Tokens {
        rp.exchange(&self.app.grant(&self.alice, rp, GrantSpec::scope(scope)).await).await.ok().await
    }

    /// Nobody can register for this.
    async fn unregistrable(&self, members: &[(&str, &str)]) {
        let mut metadata = json!({ "redirect_uris": ["https://suite.example/callback"], "jwks": self.key.jwks() });
        for (name, value) in members {
            metadata[*name] = if name.ends_with("_types") { json!([value]) } else { json!(value) };
        }
        let answer = self.app.register(&metadata).await;
        assert_eq!(answer.response.status, 400, "{metadata}: {}", answer.response);
        assert_eq!(answer.response.json()["error"], "invalid_client_metadata", "{}", answer.response);
    }
}

both! {
    /// Behaviours 6, 7, 8, 11, 15, 66 and 134.
    async fn whatever_the_metadata_lists_works_and_what_it_does_not_list_is_refused(database: Database) {
        Server::start(database, ok::OPENID).await.put_to_use().await;
    }

    /// A client that knows nothing of OpenID Connect has this document alone.
    async fn whatever_the_metadata_of_oauth_lists_works_and_what_it_does_not_list_is_refused(database: Database) {
        Server::start(database, ok::OAUTH).await.put_to_use().await;
    }

    /// Without a key that was made beforehand.
    async fn an_algorithm_that_a_client_registers_for_is_listed_and_signed_with_from_then_on(app) {
        app.open_registration().await;
        let alice = app.person("alice").await;
        let listed = async || {
            let documents = [app.document(ok::OPENID).await, app.document(ok::OAUTH).await];
            let of = |document: usize, member: &str| -> Vec<String> {
                ok::list(&documents[document], member).into_iter().map(str::to_owned).collect()
            };
            let first = of(0, "id_token_signing_alg_values_supported");
            for member in ["userinfo", "introspection", "authorization"] {
                assert_eq!(of(0, &format!("{member}_signing_alg_values_supported")), first, "{member}");
            }
            for member in ["introspection", "authorization"] {
                assert_eq!(of(1, &format!("{member}_signing_alg_values_supported")), first, "{member}");
            }
            first
        };
        assert_eq!(listed().await, ["RS256", "ES256"]);
        for algorithm in ["PS256", "EdDSA"] {
            assert!(!listed().await.contains(&algorithm.to_owned()), "{algorithm}");
            let redirect = format!("https://{}.example/callback", algorithm.to_lowercase());
            let sent = json!({ "redirect_uris": [redirect], "id_token_signed_response_alg": algorithm });
            let rp = app.app_of(&app.register(&sent).await.registered().await);
            assert!(listed().await.contains(&algorithm.to_owned()), "{algorithm}");
            let request = Authorize::new(&rp, "openid");
            let tokens = rp.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
            assert_eq!(app.verified(tokens.id()).await.0["alg"], algorithm);
        }
    }

    async fn a_server_that_offers_less_lists_less(app) {
        // What the other test puts to use is listed only where it is on.
        let document = app.document(ok::OPENID).await;
        for absent in [
            "registration_endpoint",
            "client_id_metadata_document_supported",
            "mtls_endpoint_aliases",
            "tls_client_certificate_bound_access_tokens",
            "protected_resources",
            "authorization_details_types_supported",
        ] {
            assert!(document.get(absent).is_none(), "{absent}: {document}");
        }
    }
}
