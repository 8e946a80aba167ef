//! `symbolon config …`

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io,
    output::{print, table},
    settings,
};
use crate::config::{example_toml, reference};

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say all that is wrong, or that nothing is.
    Check,
    /// Show every effective value and where it came from; secrets are not shown.
    Show,
    /// Explain every setting.
    Reference {
        /// Print the example file instead.
        #[arg(long)]
        toml: bool,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Check => {
            let settings = settings(global, io)?;
            let warnings: Vec<Value> = settings
                .warnings()
                .iter()
                .map(|warning| json!({ "key": warning.key, "message": warning.message }))
                .collect();
            let mut text = String::new();
            for warning in settings.warnings() {
                text.push_str(&format!("warning  {}: {}\n", warning.key, warning.message));
            }
            text.push_str("the configuration is usable");
            print(global, io, &json!({ "usable": true, "warnings": warnings }), &text)
        }
        Verb::Show => {
            let settings = settings(global, io)?;
            let rows: Vec<Vec<String>> = settings
                .show()
                .iter()
                .map(|shown| vec![shown.key.to_owned(), shown.value.clone(), shown.origin.to_string()])
                .collect();
            let json: Value = settings
                .show()
                .iter()
                .map(|shown| json!({ "key": shown.key, "value": shown.value, "origin": shown.origin.to_string() }))
                .collect();
            print(global, io, &json, &table(&["setting", "value", "origin"], &rows))
        }
        Verb::Reference { toml } => {
            let text = if toml { example_toml() } else { reference() };
            print(global, io, &json!({ "reference": text }), &text)
        }
    }
}
