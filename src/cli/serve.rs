//! `serve` and `dev`: the verbs that stay.

use std::sync::Arc;

use clap::Args;

use super::{CliFailure, Global, Io};
use crate::{
    app::{self, Purpose, dev, dev_seed, serve},
    config::{DatabaseUrl, DiskFiles, Settings, Sources},
    domain::trace::Transaction,
    service::{Cx, Services, playground::sample, setup},
};

/// Runs a throw-away server with people, clients and a playground.
#[derive(Clone, Debug, Default, Args)]
pub struct Dev {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<String>,
}

/// Runs the server.
pub(super) fn serve(global: &Global, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let settings = Arc::new(super::settings(global, io)?);
    start_log(&settings)?;
    block_on(async {
        let listener = serve::listen(settings.bind)?;
        let purpose = if settings.conformance.danger_test_hooks { Purpose::Conformance } else { Purpose::Serve };
        let services = app::build_services(&settings, purpose).await?;
        let cx = Cx::local(services.clone(), Transaction::Setup, "system");
        let link = setup::create_link(&cx).await?;
        let mut text = headline(&settings, &services);
        if let Some(code) = link {
            let minutes = services.policy.setup_link_seconds / 60;
            text.push_str(&format!(
                "  Create the first administrator (link works once, for {minutes} minutes):\n    {}#k={}\n",
                services.issuer.join("/setup"),
                code.expose(),
            ));
        }
        text.push_str(&format!(
            "  Then:   symbolon client create --kind spa --name demo --redirect-uri http://localhost:5173/callback\n  \
             Discovery: {}\n  Errors explained: {}\n",
            services.issuer.join("/.well-known/openid-configuration"),
            services.issuer.join("/docs/errors"),
        ));
        if services.issuer.is_loopback() {
            text.push_str(
                "  This is a loopback-only start. For a real host set SYMBOLON_ISSUER=https://id.example.com\n",
            );
        }
        print(io, &text);
        Ok(serve::run(services, settings, listener, false).await?)
    })
}

/// Runs a throw-away server.
pub(super) fn dev(global: &Global, dev: &Dev, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let start = dev::prepare(dev.bind.as_deref(), &global.set, &io.environment)?;
    let mut flags = start.flags;
    flags.extend(global.set.iter().cloned());
    let sources =
        Sources { config_file: global.config.clone(), environment: io.environment.clone(), flags, files: &DiskFiles };
    let settings = Arc::new(Settings::load(&sources)?);
    start_log(&settings)?;
    let result = block_on(async {
        let listener = serve::listen(settings.bind)?;
        let (services, password) = app::build_dev_services(&settings).await?;
        dev_seed::seed(&Cx::local(services.clone(), Transaction::Setup, "system"), password).await?;
        let issuer = &services.issuer;
        let text = format!(
            "{}  Throw-away server: everybody knows these passwords. Never in production.\n  \
             users      alice, bob           password {password}\n  \
             clients    demo-web             secret {secret}   (web application)\n             \
             demo-spa, demo-cli   public              (browser, command line)\n             \
             demo-m2m             secret {secret}   (service, scope demo.read)\n  \
             playground {}\n  \
             try        curl -s {} -u demo-m2m:{secret} -d grant_type=client_credentials -d scope=demo.read\n",
            headline(&settings, &services),
            issuer.join("/dev"),
            issuer.join("/oauth2/token"),
            password = sample::PASSWORD,
            secret = sample::SECRET,
        );
        print(io, &text);
        Ok(serve::run(services, settings, listener, true).await?)
    });
    drop(start.directory);
    result
}

fn block_on(server: impl Future<Output = Result<(), CliFailure>>) -> Result<(), CliFailure> {
    serve::block_on(server)
}

fn start_log(settings: &Settings) -> Result<(), CliFailure> {
    serve::start_log(settings)?;
    for warning in settings.warnings() {
        tracing::warn!(setting = warning.key, "{}", warning.message);
    }
    Ok(())
}

fn headline(settings: &Settings, services: &Services) -> String {
    let database = match &settings.database.url {
        DatabaseUrl::Sqlite(path) => path.display().to_string(),
        DatabaseUrl::Postgres(_) => "PostgreSQL".to_owned(),
    };
    let keyring = services.keyring.load();
    let mut algorithms: Vec<&str> = keyring.algorithms().map(|algorithm| algorithm.name()).collect();
    algorithms.sort_unstable();
    format!(
        "symbolon {}  issuer {}  db {database}  keys {}\n",
        env!("CARGO_PKG_VERSION"),
        services.issuer,
        algorithms.join(" ")
    )
}

fn print(io: &mut Io<'_>, text: &str) {
    // A closed terminal is no reason not to serve.
    let _ = io.stdout.write_all(text.as_bytes()).and_then(|()| io.stdout.flush());
}
