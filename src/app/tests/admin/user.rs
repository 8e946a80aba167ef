//! People.

use serde_json::json;

use super::{code, told};
use crate::{
    app::fixture::Fixture,
    domain::{
        Secret,
        authn::throttle::account_key,
        entity::{AuthenticationContext, Owner, Role, Session, UserState},
        ids::{EventId, SessionId, UserId},
    },
    service::admin::{
        AdminFailure, event,
        event::Personal,
        group, role,
        role::Holder,
        user::{self, NewUser, UserChanges},
    },
    store::{Abort, StoreError, credential, session, throttle},
};

const GOOD: &str = "correct horse battery staple";

fn alice() -> NewUser {
    NewUser {
        email: Some("Alice@Example.com".into()),
        name: Some("Alice Example".into()),
        ..NewUser::named("Alice", Owner::Cli)
    }
}

async fn sign_in(fixture: &Fixture, id: &UserId, number: u8) -> SessionId {
    let now = fixture.cx().now();
    let session = Session {
        id: SessionId::new(format!("session-{number}")),
        user_id: id.clone(),
        context: AuthenticationContext { auth_time: now, amr: vec!["pwd".into()], acr: "1".into() },
        sign_in_event: EventId::new("event"),
        created_at: now,
        idle_expires_at: now.plus_seconds(3600),
        expires_at: now.plus_seconds(7200),
        ended_at: None,
    };
    let id = session.id.clone();
    let write = fixture
        .services
        .store
        .write(move |tx| session::insert(tx, &session, &[number; 32]).map_err(Abort::<StoreError>::from));
    write.await.expect("a session");
    id
}

#[tokio::test]
async fn a_taken_username_or_email_is_refused_in_any_spelling() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        user::create(&cx, alice()).await.expect("created");
        let again = NewUser { email: None, ..NewUser::named("aLICE", Owner::Cli) };
        assert_eq!(told(user::create(&cx, again).await), "AS-3001 the username aLICE is taken");
        let again = NewUser { email: Some("alice@EXAMPLE.com".into()), ..NewUser::named("al", Owner::Cli) };
        assert_eq!(told(user::create(&cx, again).await), "AS-3001 the email alice@EXAMPLE.com is taken");
        let bob = user::create(&cx, NewUser::named("bob", Owner::Cli)).await.expect("bob");
        let rename = UserChanges { username: Some("ALICE".into()), ..UserChanges::default() };
        assert_eq!(code(user::update(&cx, "bob", rename).await), "AS-3001");
        assert_eq!(user::find(&cx, bob.id.as_str()).await.expect("bob").user.username, "bob");
    }
}

#[tokio::test]
async fn names_addresses_and_claims_of_the_wrong_form_are_refused_and_nothing_is_kept() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        for (username, expected) in [
            ("", "AS-2005"),
            ("a@b", "AS-2012"),
            ("a b", "AS-2012"),
            ("a\0b", "AS-2012"),
            ("\u{202e}bob", "AS-2012"),
            (&"x".repeat(65), "AS-2012"),
        ] {
            assert_eq!(code(user::create(&cx, NewUser::named(username, Owner::Cli)).await), expected, "{username:?}");
        }
        for email in ["alice", "@example.com", "a@b@c", "a\0@b.c", "alice@exa mple.com"] {
            let new = NewUser { email: Some(email.into()), ..NewUser::named("alice", Owner::Cli) };
            assert_eq!(code(user::create(&cx, new).await), "AS-2013", "{email:?}");
        }
        let new = NewUser { name: Some("a\0b".into()), ..NewUser::named("alice", Owner::Cli) };
        assert_eq!(code(user::create(&cx, new).await), "AS-3003");
        let mut new = NewUser::named("alice", Owner::Cli);
        new.profile.insert("is_admin".into(), json!(true));
        assert_eq!(code(user::create(&cx, new).await), "AS-3003");
        assert!(user::list(&cx, None, 10).await.expect("list").is_empty());
    }
}

#[tokio::test]
async fn weak_personal_and_endless_passwords_are_refused_and_nobody_is_created() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        for (password, expected) in [
            ("short".to_owned(), "AS-2011"),
            ("alice@example.com".to_owned(), "AS-2011"),
            ("passwordpassword".to_owned(), "AS-2011"),
            ("x".repeat(2000), "AS-2004"),
            (String::new(), "AS-2006"),
        ] {
            let new = NewUser { password: Some(Secret::new(password.clone())), ..alice() };
            assert_eq!(code(user::create(&cx, new).await), expected, "{password:?}");
        }
        assert!(user::list(&cx, None, 10).await.expect("list").is_empty());
    }
}

#[tokio::test]
async fn a_password_change_ends_the_other_sessions_and_lifts_a_block() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let new = NewUser { password: Some(Secret::from(GOOD)), ..alice() };
        let created = user::create(&cx, new).await.expect("created");
        let kept = sign_in(&fixture, &created.id, 1).await;
        sign_in(&fixture, &created.id, 2).await;
        let key = account_key(&created.id);
        let row = throttle::ThrottleRow { failures: 99, window_started_at: 0, blocked_until: i64::MAX };
        let blocked = key.clone();
        let write = fixture
            .services
            .store
            .write(move |tx| throttle::lock(tx, &blocked, row).map_err(Abort::<StoreError>::from));
        write.await.expect("blocked");
        let before = fixture.cx();
        let new_password = || Secret::from("another long sentence of mine");
        assert_eq!(code(user::set_password(&before, "alice", Secret::from("short"), None).await), "AS-2011");
        assert_eq!(code(user::set_password(&before, "nobody", new_password(), None).await), "AS-3002");
        let ended = user::set_password(&before, "alice", new_password(), Some(kept.clone())).await.expect("set");
        assert_eq!(ended, 1);
        let id = created.id.clone();
        let now = fixture.cx().now();
        let (live, throttled, phc) = fixture
            .services
            .store
            .read(move |tx| {
                let live = session::live_of_user(tx, &id, now)?;
                Ok::<_, StoreError>((live, throttle::find(tx, &key)?, credential::find_password(tx, &id)?))
            })
            .await
            .expect("read");
        assert_eq!(live.iter().map(|session| session.id.clone()).collect::<Vec<_>>(), [kept]);
        assert_eq!(throttled, None);
        let hasher = &fixture.services.passwords;
        let phc = phc.expect("a password");
        assert!(hasher.verify(new_password(), phc.clone()).await.expect("verified").matches);
        assert!(!hasher.verify(Secret::from(GOOD), phc).await.expect("verified").matches);
    }
}

#[tokio::test]
async fn a_disabled_user_has_no_sessions_and_signing_out_everywhere_sets_the_limit() {
    for fixture in Fixture::each().await {
        let created = user::create(&fixture.cx(), alice()).await.expect("created");
        sign_in(&fixture, &created.id, 1).await;
        assert_eq!(user::find(&fixture.cx(), "alice").await.expect("found").sessions, 1);
        let disable = UserChanges { state: Some(UserState::Disabled), ..UserChanges::default() };
        let disabled = user::update(&fixture.cx(), "alice", disable).await.expect("disabled");
        assert_eq!((disabled.state, disabled.not_before, disabled.version), (UserState::Disabled, None, 2));
        assert_eq!(user::find(&fixture.cx(), "alice").await.expect("found").sessions, 0);
        let everywhere = UserChanges { sign_out_everywhere: true, ..UserChanges::default() };
        let cx = fixture.cx();
        let limited = user::update(&cx, "alice", everywhere).await.expect("limited");
        assert_eq!(limited.not_before, Some(cx.now()));
    }
}

#[tokio::test]
async fn a_change_on_a_stale_version_is_refused() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        user::create(&cx, alice()).await.expect("created");
        let rename = |name: &str, version| UserChanges {
            name: Some(Some(name.into())),
            version: Some(version),
            ..UserChanges::default()
        };
        assert_eq!(user::update(&cx, "alice", rename("A", 1)).await.expect("changed").version, 2);
        assert_eq!(code(user::update(&cx, "alice", rename("B", 1)).await), "AS-3005");
        assert_eq!(code(user::update(&cx, "alice", rename("B", 3)).await), "AS-3005");
        assert_eq!(user::find(&cx, "alice").await.expect("found").user.name.as_deref(), Some("A"));
    }
}

#[tokio::test]
async fn a_new_address_is_not_verified_because_the_old_one_was() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        user::create(&cx, NewUser { email_verified: true, ..alice() }).await.expect("created");
        let change =
            |email: Option<&str>| UserChanges { email: Some(email.map(str::to_owned)), ..UserChanges::default() };
        let changed = user::update(&cx, "alice", change(Some("eve@example.com"))).await.expect("changed");
        assert!(!changed.email_verified);
        let verified = UserChanges { email_verified: Some(true), ..change(None) };
        assert!(!user::update(&cx, "alice", verified).await.expect("changed").email_verified, "there is no address");
    }
}

#[tokio::test]
async fn the_last_administrator_is_neither_deleted_nor_disabled_nor_stripped() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        user::create(&cx, alice()).await.expect("alice");
        user::create(&cx, NewUser::named("bob", Owner::Cli)).await.expect("bob");
        group::create(&cx, "admins", "", Owner::Cli).await.expect("group");
        group::add_member(&cx, "admins", "alice").await.expect("member");
        let admins = || Holder::Group("admins".into());
        role::grant(&cx, Role::OWNER, admins()).await.expect("granted");

        let disable = || UserChanges { state: Some(UserState::Disabled), ..UserChanges::default() };
        assert_eq!(code(user::delete(&cx, "alice").await), "AS-3004");
        assert_eq!(code(user::update(&cx, "alice", disable()).await), "AS-3004");
        assert_eq!(code(group::remove_member(&cx, "admins", "alice").await), "AS-3004");
        assert_eq!(code(group::delete(&cx, "admins").await), "AS-3004");
        assert_eq!(code(role::revoke(&cx, Role::OWNER, admins()).await), "AS-3004");
        let found = user::find(&cx, "alice").await.expect("still there");
        assert_eq!((found.user.state, found.groups.as_slice()), (UserState::Active, &["admins".to_owned()][..]));

        role::grant(&cx, Role::OWNER, Holder::User("bob".into())).await.expect("granted");
        role::revoke(&cx, Role::OWNER, admins()).await.expect("bob remains");
        user::delete(&cx, "alice").await.expect("bob remains");
        assert_eq!(code(user::delete(&cx, "bob").await), "AS-3004");
    }
}

#[tokio::test]
async fn two_administrators_who_delete_each_other_at_once_do_not_both_succeed() {
    for fixture in Fixture::each().await {
        for round in 0..10 {
            let cx = fixture.cx();
            let names = [format!("ann{round}"), format!("ben{round}")];
            for name in &names {
                user::create(&cx, NewUser::named(name.clone(), Owner::Cli)).await.expect("created");
                role::grant(&cx, Role::OWNER, Holder::User(name.clone())).await.expect("granted");
            }
            let all = role::find(&cx, Role::OWNER).await.expect("owner").holders;
            for other in all.iter().filter(|other| !names.contains(other)) {
                user::delete(&cx, other).await.expect("another remains");
            }
            let attempts: Vec<_> = names
                .iter()
                .map(|name| {
                    let (cx, name) = (fixture.cx(), name.clone());
                    tokio::spawn(async move { user::delete(&cx, &name).await })
                })
                .collect();
            let mut refused = Vec::new();
            for attempt in attempts {
                refused.extend(attempt.await.expect("ran").err().map(|failure| failure.to_string()));
            }
            assert_eq!(refused.len(), 1, "{refused:?}");
            assert!(refused[0].starts_with("AS-3004 "), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_deleted_person_is_gone_and_what_events_said_of_them_cannot_be_opened() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let created = user::create(&cx, alice()).await.expect("created");
        let told = |events: Vec<event::EventView>| {
            let created = events.into_iter().find(|event| event.kind == "user.created").expect("told");
            (created.user_id, created.personal)
        };
        let (about, personal) = told(event::list(&cx, 0, 100).await.expect("events"));
        assert_eq!(about.as_deref(), Some(created.id.as_str()));
        assert_eq!(personal, Personal::Known(json!({"email": "Alice@Example.com", "username": "Alice"})));
        user::delete(&cx, "alice@example.com").await.expect("deleted");
        assert_eq!(code(user::find(&cx, "alice").await), "AS-3002");
        assert_eq!(code(user::delete(&cx, created.id.as_str()).await), "AS-3002");
        let (about, personal) = told(event::list(&cx, 0, 100).await.expect("events"));
        assert_eq!((about.as_deref(), personal), (Some(created.id.as_str()), Personal::Erased));
        let again = user::create(&cx, alice()).await.expect("the name is free");
        assert_ne!(again.id, created.id, "an id is never used again");
    }
}

#[tokio::test]
async fn whoever_does_not_exist_is_told_so_even_with_a_nul_in_the_name() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        for key in ["nobody", "", "a\0b", "\u{1F600}"] {
            assert_eq!(code(user::find(&cx, key).await), "AS-3002", "{key:?}");
            assert_eq!(code(user::unlock(&cx, key).await), "AS-3002", "{key:?}");
            assert_eq!(code(user::update(&cx, key, UserChanges::default()).await), "AS-3002", "{key:?}");
        }
    }
}

#[tokio::test]
async fn a_username_that_is_spelled_like_an_id_does_not_stand_in_for_that_person() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let alice = user::create(&cx, alice()).await.expect("alice");
        let impostor = user::create(&cx, NewUser::named(alice.id.as_str(), Owner::Cli)).await.expect("impostor");
        assert_eq!(user::find(&cx, alice.id.as_str()).await.expect("found").user.id, alice.id);
        assert_ne!(impostor.id, alice.id);
    }
}

#[tokio::test]
async fn pages_are_bounded_and_follow_each_other() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        for name in ["carol", "Bob", "alice"] {
            user::create(&cx, NewUser::named(name, Owner::Cli)).await.expect("created");
        }
        let names = |page: Vec<crate::domain::entity::User>| -> Vec<String> {
            page.into_iter().map(|user| user.username).collect()
        };
        assert_eq!(names(user::list(&cx, None, 2).await.expect("page")), ["alice", "Bob"]);
        assert_eq!(names(user::list(&cx, Some("Bob".into()), 2).await.expect("page")), ["carol"]);
        assert_eq!(names(user::list(&cx, None, -5).await.expect("page")).len(), 1);
    }
}

#[test]
fn a_message_never_carries_control_characters_or_a_flood() {
    let failure = AdminFailure::not_found("user", &format!("a\r\nb{}", "x".repeat(500)));
    let text = failure.to_string();
    assert!(text.starts_with("AS-3002 there is no user abxxx"), "{text}");
    assert!(text.chars().count() < 120, "{text}");
}
