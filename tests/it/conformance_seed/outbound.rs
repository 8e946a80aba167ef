//! What is fetched beyond what is public: only the hosts that were named, only over TLS that somebody vouches for.

use symbolon::net::fetcher::{DangerExceptions, FetchError, Fetcher, Reach};
use symbolon::tls::ServerTls;

use crate::mtls::{listener::listening_with, support::fixture};

const PATH: &str = "/.well-known/openid-configuration";

fn fetcher(host: &str, authority: Option<&str>) -> Fetcher {
    let authorities = authority.map(|name| std::fs::read(fixture(name)).expect("a certificate"));
    let exceptions = DangerExceptions { hosts: vec![host.to_owned()], authorities };
    Fetcher::danger_with(Reach::Public, exceptions).expect("a fetcher")
}

both! {
    async fn a_host_that_was_named_is_reached_over_tls_of_an_authority_that_was_named(database: Database) {
        let (app, address) = listening_with(database, ServerTls::server_config).await;
        let there = format!("https://localhost:{}{PATH}", address.port());
        let found = fetcher("localhost", Some("ca.pem")).json(&there).await.expect("it is reached");
        assert_eq!(found["issuer"], app.issuer());

        for (host, authority) in [
            ("localhost", None),
            ("localhost", Some("self.pem")),
            ("suite.example", Some("ca.pem")),
        ] {
            let refused = fetcher(host, authority).json(&there).await;
            assert!(matches!(refused, Err(FetchError::Failed(_))), "{host} {authority:?}: {refused:?}");
        }
        let refused = Fetcher::new(Reach::Public).expect("a fetcher").json(&there).await;
        assert!(matches!(refused, Err(FetchError::Failed(_))), "{refused:?}");
        // By its address it is nobody that was named.
        let excepted = fetcher("localhost", Some("ca.pem"));
        let refused = excepted.json(&there.replace("localhost", "127.0.0.1")).await;
        assert!(matches!(refused, Err(FetchError::NotAllowed(_))), "{refused:?}");
    }

    async fn a_redirect_of_such_a_host_leads_nowhere(database: Database) {
        let (_app, address) = listening_with(database, ServerTls::server_config).await;
        let there = format!("https://localhost:{}/oauth2/logout", address.port());
        let refused = fetcher("localhost", Some("ca.pem")).text(&there, "*/*").await;
        assert!(matches!(&refused, Err(FetchError::Failed(why)) if why.contains("303")), "{refused:?}");
    }
}

#[test]
fn what_is_no_certificate_vouches_for_nobody() {
    symbolon::tls::install_crypto_provider();
    for text in ["", "no certificate"] {
        let exceptions = DangerExceptions { hosts: Vec::new(), authorities: Some(text.into()) };
        assert!(Fetcher::danger_with(Reach::Public, exceptions).is_err(), "{text:?}");
    }
}
