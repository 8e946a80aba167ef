//! `symbolon user …`

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, fields, hint, print, table, yes},
    values, view,
};
use crate::{
    domain::{
        entity::{Owner, User, UserState},
        trace::Reason,
    },
    service::admin::{
        PAGE,
        user::{self, NewUser, UserChanges, UserDetail},
    },
};

/// What can be done with people.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create a person.
    Create(Create),
    /// List people by username.
    List(Page),
    /// Show a person with groups, roles and sessions.
    Get {
        /// Username, email or id.
        user: String,
    },
    /// Change a person.
    Update(Update),
    /// Set a password, read from standard input. Ends the person's sessions.
    SetPassword {
        /// Username, email or id.
        user: String,
        /// Read the password from standard input, one line.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Let a person try again who failed to sign in too often.
    Unlock {
        /// Username, email or id.
        user: String,
    },
    /// Delete a person with everything of theirs.
    Delete {
        /// Username, email or id.
        user: String,
    },
}

/// A page of a list.
#[derive(Debug, Args)]
pub struct Page {
    /// Begin after this entry.
    #[arg(long)]
    pub after: Option<String>,
    /// At most so many entries.
    #[arg(long, default_value_t = PAGE, value_parser = clap::value_parser!(i64).range(1..=1000))]
    pub limit: i64,
}

/// A person to be created.
#[derive(Debug, Args)]
pub struct Create {
    /// The name to sign in with.
    username: String,
    /// The address.
    #[arg(long)]
    email: Option<String>,
    /// The address is known to be theirs.
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// The full name.
    #[arg(long)]
    name: Option<String>,
    /// A standard claim: --claim locale=de-CH, --claim address.country=CH
    #[arg(long = "claim", value_name = "CLAIM=VALUE", value_parser = values::pair)]
    claims: Vec<(String, String)>,
    /// Read the first password from standard input, one line.
    #[arg(long)]
    password_stdin: bool,
}

/// What to change about a person.
#[derive(Debug, Args)]
pub struct Update {
    /// Username, email or id.
    user: String,
    /// The new username.
    #[arg(long)]
    username: Option<String>,
    /// The new address; empty removes it.
    #[arg(long)]
    email: Option<String>,
    /// Whether the address is known to be theirs.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    email_verified: Option<bool>,
    /// The new full name; empty removes it.
    #[arg(long)]
    name: Option<String>,
    /// A standard claim; empty removes it.
    #[arg(long = "claim", value_name = "CLAIM=VALUE", value_parser = values::pair)]
    claims: Vec<(String, String)>,
    /// No sign-in and no token any more; ends every session.
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// In use again.
    #[arg(long)]
    enable: bool,
    /// End every session, and let every token issued until now be dead.
    #[arg(long)]
    sign_out_everywhere: bool,
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Create(create) => self::create(global, create, io),
        Verb::List(page) => list(global, page, io),
        Verb::Get { user } => {
            let detail = local::run(global, io, |cx| async move { user::find(&cx, &user).await })
                .map_err(|failure| with_next(failure, None))?;
            print(global, io, &view::user_detail(&detail), &shown(&detail))
        }
        Verb::Update(update) => self::update(global, update, io),
        Verb::SetPassword { user, .. } => {
            let password = io.secret_line("password")?;
            let ended =
                local::run(global, io, |cx| async move { user::set_password(&cx, &user, password, None).await })
                    .map_err(|failure| with_next(failure, None))?;
            print(global, io, &json!({ "sessions_ended": ended }), &format!("password set, {ended} sessions ended"))
        }
        Verb::Unlock { user } => {
            let key = user.clone();
            local::run(global, io, |cx| async move { user::unlock(&cx, &key).await })
                .map_err(|failure| with_next(failure, None))?;
            print(global, io, &json!({ "unlocked": true }), &format!("{user} may try again"))
        }
        Verb::Delete { user } => {
            confirm(global, &format!("the user {user}"))?;
            let key = user.clone();
            local::run(global, io, |cx| async move { user::delete(&cx, &key).await })
                .map_err(|failure| with_next(failure, None))?;
            print(global, io, &json!({ "deleted": true }), &format!("{user} deleted"))
        }
    }
}

fn create(global: &Global, create: Create, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let username = create.username.clone();
    let new = NewUser {
        email: create.email,
        email_verified: create.email_verified,
        name: create.name,
        profile: claims(&create.claims)?,
        password: create.password_stdin.then(|| io.secret_line("password")).transpose()?,
        ..NewUser::named(create.username, Owner::Cli)
    };
    let has_password = new.password.is_some();
    let made = local::run(global, io, |cx| async move { user::create(&cx, new).await })
        .map_err(|failure| with_next(failure, Some(&username)))?;
    print(global, io, &view::user(&made), &row_text(&made))?;
    if !has_password {
        hint(global, io, &format!("It has no password yet: symbolon user set-password {username} --password-stdin"));
    }
    Ok(())
}

fn list(global: &Global, page: Page, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let users = local::run(global, io, |cx| async move { user::list(&cx, page.after, page.limit).await })?;
    let rows: Vec<Vec<String>> = users
        .iter()
        .map(|user| {
            vec![
                user.username.clone(),
                user.name.clone().unwrap_or_default(),
                user.email.clone().unwrap_or_default(),
                user.state.name().to_owned(),
                user.id.to_string(),
            ]
        })
        .collect();
    let json: Value = users.iter().map(view::user).collect();
    print(global, io, &json, &table(&["username", "name", "email", "state", "id"], &rows))
}

fn update(global: &Global, update: Update, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let or_none = |text: String| (!text.is_empty()).then_some(text);
    let state = match (update.disable, update.enable) {
        (true, _) => Some(UserState::Disabled),
        (_, true) => Some(UserState::Active),
        _ => None,
    };
    let username = update.username.clone();
    let changes = UserChanges {
        username: update.username,
        email: update.email.map(or_none),
        email_verified: update.email_verified,
        name: update.name.map(or_none),
        profile: claims(&update.claims)?,
        state,
        sign_out_everywhere: update.sign_out_everywhere,
        version: None,
    };
    let changed = local::run(global, io, |cx| async move { user::update(&cx, &update.user, changes).await })
        .map_err(|failure| with_next(failure, username.as_deref()))?;
    print(global, io, &view::user(&changed), &row_text(&changed))
}

/// `--claim` values as a merge patch. Empty removes; `address.x` is a member of the address.
fn claims(pairs: &[(String, String)]) -> Result<Map<String, Value>, CliFailure> {
    let mut patch = Map::new();
    for (claim, text) in pairs {
        let value = match (claim.as_str(), text.as_str()) {
            (_, "") => Value::Null,
            ("phone_number_verified", "true" | "false") => Value::Bool(text == "true"),
            _ => Value::String(text.clone()),
        };
        match claim.split_once('.') {
            Some(("address", member)) => {
                let address = patch.entry("address").or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(members) = address {
                    members.insert(member.to_owned(), value);
                }
            }
            Some(_) => return Err(CliFailure::usage(format!("{claim}: only address has members"))),
            None => {
                patch.insert(claim.clone(), value);
            }
        }
    }
    Ok(patch)
}

/// The next command after a refusal.
fn with_next(failure: CliFailure, name: Option<&str>) -> CliFailure {
    match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::NameTaken) => match name {
            Some(name) if !failure.message.contains("email") => failure.next(format!("symbolon user get {name}")),
            _ => failure.next("symbolon user list"),
        },
        Some(Reason::ObjectNotFound) => failure.next("symbolon user list"),
        Some(Reason::LastAdministrator) => failure.next("symbolon role grant owner --user <somebody else>"),
        Some(Reason::VersionConflict) => failure.next("Repeat the command"),
        _ => failure,
    }
}

fn row_text(user: &User) -> String {
    fields(&[
        ("username", user.username.clone()),
        ("id", user.id.to_string()),
        ("email", user.email.clone().unwrap_or_default()),
        ("email verified", user.email.as_ref().map(|_| yes(user.email_verified)).unwrap_or_default()),
        ("name", user.name.clone().unwrap_or_default()),
        ("state", user.state.name().to_owned()),
    ])
}

fn shown(detail: &UserDetail) -> String {
    let roles: Vec<String> = detail
        .roles
        .iter()
        .map(|role| {
            let sources: Vec<String> = role.sources.iter().map(view::source).collect();
            format!("{} ({})", role.name, sources.join(", "))
        })
        .collect();
    let mut text = row_text(&detail.user);
    text.push_str(&fields(&[
        ("password", yes(detail.has_password)),
        ("groups", detail.groups.join(", ")),
        ("roles", roles.join(", ")),
        ("sessions", detail.sessions.to_string()),
        ("not before", detail.user.not_before.map(view::time).unwrap_or_default()),
        ("created", view::time(detail.user.created_at)),
        ("updated", view::time(detail.user.updated_at)),
    ]));
    let profile = serde_json::to_value(&detail.user.profile).unwrap_or_default();
    for (claim, value) in profile.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&fields(&[(claim, value)]));
    }
    text
}
