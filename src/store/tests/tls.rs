//! TLS to PostgreSQL, through the bundled libpq: the modes of `sslmode` do what they say.

use super::cluster::Cluster;
use crate::{
    domain::Secret,
    store::{Location, StoreError, conn::Purpose},
};

/// A cluster that speaks only TLS over TCP, its certificate for `localhost` from a CA of its own.
fn cluster() -> Cluster {
    let cluster = Cluster::create();
    cluster.shell(&format!(
        "set -e; cd '{}'; \
         for ca in ca other; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
           -subj /CN=$ca -keyout $ca.key -out $ca.crt; done; \
         openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
           -keyout data/server.key -out server.csr; \
         echo subjectAltName=DNS:localhost > san; \
         openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san \
           -out data/server.crt; \
         chmod 600 data/server.key; chmod 644 *.crt; chmod 755 .; \
         printf 'local all all trust\\nhostssl all all all trust\\n' > data/pg_hba.conf",
        cluster.folder.display()
    ));
    cluster.configure("ssl=on");
    cluster.up();
    cluster
}

#[test]
fn postgres_is_reached_over_tls_and_its_certificate_is_checked() {
    let cluster = cluster();
    let port = cluster.port;
    let folder = cluster.folder.display().to_string();
    let connect = |host: &str, query: &str| {
        let url = format!("postgres://postgres@{host}:{port}/postgres?{query}");
        Location::Postgres(Secret::new(url)).connect(Purpose::Write)
    };
    let encrypted = "SELECT version AS t FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    for query in [
        "sslmode=require".to_owned(),
        format!("sslmode=verify-ca&sslrootcert={folder}/ca.crt"),
        format!("sslmode=verify-full&sslrootcert={folder}/ca.crt"),
    ] {
        let mut conn = connect("localhost", &query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(super::support::text(&mut conn, encrypted).unwrap(), "TLSv1.3", "{query}");
    }
    for (host, query) in [
        ("localhost", "sslmode=disable".to_owned()),
        ("localhost", format!("sslmode=verify-full&sslrootcert={folder}/other.crt")),
        ("localhost", format!("sslmode=verify-ca&sslrootcert={folder}/other.crt")),
        ("localhost", format!("sslmode=verify-full&sslrootcert={folder}/missing.crt")),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={folder}/ca.crt")),
    ] {
        assert!(matches!(connect(host, &query), Err(StoreError::Unavailable(_))), "{host} {query}");
    }
}

#[test]
fn postgres_without_tls_is_refused_when_tls_is_required() {
    let cluster = Cluster::start();
    for mode in ["require", "verify-full"] {
        let location = Location::Postgres(Secret::new(format!("{}?sslmode={mode}", cluster.url())));
        assert!(matches!(location.connect(Purpose::Write), Err(StoreError::Unavailable(_))), "{mode}");
    }
}
