//! What goes in comes out; names are unique; versions decide; children go with their parents.

use super::{
    fixtures::{NOW, allowed, app, browser, code, dialogue, group, opaque, person, refresh, role},
    support::{Failure, TestDb, on_both},
};
use crate::{
    domain::{
        Timestamp,
        entity::{
            Client, ClientKind, ClientSecret, ClientSettings, Consent, KeyState, SigningKeyRecord, User, UserState,
        },
        ids::{AuthorizationId, ClientId, GroupId, InteractionId, KeyId, RoleId, SessionId, UserId},
        jose::SigningAlgorithm,
    },
    store::{
        StoreError, access_token, authorization, authorization_code, client, consent, credential, group as groups,
        instance, interaction, refresh_token, role as roles, session, signing_key, user,
    },
};

fn alice() -> UserId {
    UserId::new("alice")
}

async fn insert_user(db: &TestDb, user: User) -> Result<(), Failure> {
    db.write(move |tx| Ok(user::insert(tx, &user)?)).await
}

async fn login(db: &TestDb, text: &'static str) -> Option<String> {
    db.read(move |tx| user::find_by_login(tx, text)).await.unwrap().map(|user| user.id.to_string())
}

fn is_broken<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Broken(_)))
}

on_both! {
    async fn a_user_comes_back_as_stored(db) {
        let mut user = person("alice");
        user.username = "Alice".into();
        user.not_before = Some(NOW);
        user.state = UserState::Disabled;
        user.profile.address.insert("country".into(), "CH".into());
        insert_user(&db, user.clone()).await.unwrap();
        assert_eq!(db.read(|tx| user::find(tx, &alice())).await.unwrap(), Some(user));
        assert_eq!(db.read(|tx| user::find(tx, &UserId::new("bob"))).await.unwrap(), None);
    }

    async fn a_login_is_a_username_or_an_address_in_any_case(db) {
        let mut user = person("alice");
        user.username = "Älice".into();
        user.email = Some("Alice@Example.ORG".into());
        insert_user(&db, user).await.unwrap();
        for text in ["älice", "ÄLICE", "  Älice ", "alice@example.org", "ALICE@EXAMPLE.ORG"] {
            assert_eq!(login(&db, text).await.as_deref(), Some("alice"), "{text}");
        }
        for text in ["alice", "", "alice@example", "@", "%"] {
            assert_eq!(login(&db, text).await, None, "{text}");
        }
    }

    async fn a_username_wins_over_an_address_of_the_same_spelling(db) {
        let mut mallory = person("mallory");
        mallory.email = Some("bob@example.org".into());
        let mut bob = person("bob");
        bob.username = "bob@example.org".into();
        bob.email = None;
        insert_user(&db, mallory).await.unwrap();
        insert_user(&db, bob).await.unwrap();
        assert_eq!(login(&db, "BOB@example.org").await.as_deref(), Some("bob"));
    }

    async fn a_taken_name_or_address_is_a_conflict_and_absent_addresses_are_not(db) {
        insert_user(&db, person("alice")).await.unwrap();
        let mut same_name = person("u2");
        same_name.username = "ALICE".into();
        let mut same_address = person("u3");
        same_address.email = Some("ALICE@example.org".into());
        let mut same_id = person("alice");
        (same_id.username, same_id.email) = ("other".into(), None);
        for user in [same_name, same_address, same_id] {
            assert!(insert_user(&db, user).await.unwrap_err().is_conflict());
        }
        for id in ["x", "y"] {
            let user = User { email: None, ..person(id) };
            insert_user(&db, user).await.unwrap();
        }
        let taken = db.write(|tx| Ok(user::update(tx, &User { username: "Alice".into(), ..person("x") })?)).await;
        assert!(taken.unwrap_err().is_conflict());
    }

    async fn a_change_of_an_older_version_is_not_written(db) {
        db.seeded().await;
        let renamed = User { name: Some("A".into()), ..person("alice") };
        let first = renamed.clone();
        assert!(db.write(move |tx| Ok(user::update(tx, &first)?)).await.unwrap());
        assert!(!db.write(move |tx| Ok(user::update(tx, &renamed)?)).await.unwrap());
        assert_eq!(db.read(|tx| user::find(tx, &alice())).await.unwrap().unwrap().version, 2);
        let client = Client { version: 7, ..app("rp") };
        assert!(!db.write(move |tx| Ok(client::update(tx, &client)?)).await.unwrap());
        db.write(|tx| {
            groups::insert(tx, &group("g"))?;
            Ok(roles::insert(tx, &role("r"))?)
        })
        .await
        .unwrap();
        for expected in [true, false] {
            assert_eq!(db.write(|tx| Ok(groups::update(tx, &group("g"))?)).await.unwrap(), expected);
            assert_eq!(db.write(|tx| Ok(roles::update(tx, &role("r"))?)).await.unwrap(), expected);
        }
        assert!(!db.write(|tx| Ok(user::lock(tx, &UserId::new("nobody"))?)).await.unwrap());
    }

    async fn a_client_comes_back_as_stored_with_its_secrets(db) {
        for kind in ClientKind::ALL {
            let client = Client { kind, settings: ClientSettings::of_kind(kind), ..app(kind.name()) };
            let expected = client.clone();
            db.write(move |tx| Ok(client::insert(tx, &client)?)).await.unwrap();
            assert_eq!(db.read(move |tx| client::find(tx, &ClientId::new(kind.name()))).await.unwrap(), Some(expected));
        }
        let secret = |id: &str, expires: Option<i64>| ClientSecret {
            id: id.into(),
            client_id: ClientId::new("web"),
            label: String::new(),
            secret_hash: vec![9; 32],
            sealed_secret: None,
            created_at: NOW,
            expires_at: expires.map(Timestamp::from_seconds),
        };
        let at = NOW.plus_seconds(60);
        let [forever, soon, late] = [secret("a", None), secret("b", Some(1)), secret("c", Some(4_000_000_000))];
        let found = db
            .write(move |tx| {
                for one in [&late, &forever, &soon] {
                    client::insert_secret(tx, one)?;
                }
                assert_eq!(client::expire_secrets(tx, &ClientId::new("web"), at)?, 2);
                assert!(!client::delete_secret(tx, &ClientId::new("spa"), "a")?, "not that client's");
                Ok(client::secrets(tx, &ClientId::new("web"))?)
            })
            .await
            .unwrap();
        let ends: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.expires_at)).collect();
        assert_eq!(ends, [("a", Some(at)), ("b", Some(Timestamp::from_seconds(1))), ("c", Some(at))]);
        let taken = db.write(|tx| Ok(client::insert(tx, &app("web"))?)).await;
        assert!(taken.unwrap_err().is_conflict());
    }

    async fn only_an_enabled_client_has_a_version_to_issue_on(db) {
        db.seeded().await;
        let version =
            async |id: &'static str| db.read(move |tx| client::enabled_version(tx, &ClientId::new(id))).await.unwrap();
        assert_eq!((version("rp").await, version("nobody").await), (Some(1), None));
        db.write(|tx| Ok(client::update(tx, &Client { enabled: false, ..app("rp") })?)).await.unwrap();
        assert_eq!(version("rp").await, None);
    }

    async fn what_this_version_does_not_know_is_broken_not_guessed(db) {
        db.seeded().await;
        db.write(|tx| {
            groups::insert(tx, &group("g"))?;
            Ok(roles::insert(tx, &role("r"))?)
        })
        .await
        .unwrap();
        let good: String = serde_json::to_string(&app("rp").settings).unwrap();
        for settings in [
            good.replacen('{', r#"{"danger_new_switch":true,"#, 1),
            good.replace(r#""once""#, r#""never""#),
            good.replace("client_secret_basic", "client_secret_telepathy"),
            "{}".into(),
            "null".into(),
            String::new(),
            "[".repeat(10_000),
        ] {
            assert_ne!(settings, good);
            db.sql(&format!("UPDATE clients SET settings = '{settings}'"));
            assert!(is_broken(&db.read(|tx| client::find(tx, &ClientId::new("rp"))).await), "{settings:.60}");
            assert!(is_broken(&db.read(|tx| client::list(tx, None, 10)).await));
        }
        db.sql(&format!("UPDATE clients SET settings = '{good}', kind = 'iot'"));
        assert!(is_broken(&db.read(|tx| client::find(tx, &ClientId::new("rp"))).await));
        db.sql("UPDATE clients SET kind = 'web', owner = 'file'");
        assert!(is_broken(&db.read(|tx| client::find(tx, &ClientId::new("rp"))).await));
        for change in
            ["state = 'Active'", "state = 'active', owner = ''", "owner = 'cli', profile = '{\"admin\":true}'"]
        {
            db.sql(&format!("UPDATE users SET {change}"));
            assert!(is_broken(&db.read(|tx| user::find(tx, &alice())).await), "{change}");
            assert!(is_broken(&db.read(|tx| user::find_by_login(tx, "alice")).await), "{change}");
        }
        db.sql("UPDATE groups SET owner = 'x'; UPDATE roles SET owner = 'x'");
        assert!(is_broken(&db.read(|tx| groups::find_by_name(tx, "g")).await));
        assert!(is_broken(&db.read(|tx| roles::find_by_name(tx, "r")).await));
        for (state, algorithm) in [("burnt", "ES256"), ("active", "HS256"), ("active", "none")] {
            db.sql(&format!(
                "DELETE FROM signing_keys; INSERT INTO signing_keys (id, algorithm, state, public_jwk, \
                sealed_private_key, created_at) VALUES ('k', '{algorithm}', '{state}', '', '', 1)"
            ));
            assert!(is_broken(&db.read(signing_key::list).await), "{state} {algorithm}");
        }
    }

    async fn a_deleted_user_takes_what_was_theirs_and_nothing_else(db) {
        everything(&db).await;
        assert!(db.write(|tx| Ok(user::delete(tx, &alice())?)).await.unwrap());
        assert!(!db.write(|tx| Ok(user::delete(tx, &alice())?)).await.unwrap());
        for table in [
            "users",
            "credentials",
            "sessions",
            "consents",
            "authorizations",
            "authorization_codes",
            "refresh_tokens",
            "group_members",
            "user_roles",
        ] {
            assert_eq!(db.count(table), 0, "{table}");
        }
        for table in [
            "clients",
            "client_secrets",
            "groups",
            "roles",
            "group_roles",
            "client_roles",
            "interactions",
            "access_tokens",
        ] {
            assert_eq!(db.count(table), 1, "{table}");
        }
    }

    async fn a_deleted_client_takes_what_was_issued_to_it_and_nothing_else(db) {
        everything(&db).await;
        assert!(db.write(|tx| Ok(client::delete(tx, &ClientId::new("rp"))?)).await.unwrap());
        for table in [
            "clients",
            "client_secrets",
            "client_roles",
            "interactions",
            "consents",
            "authorizations",
            "authorization_codes",
            "refresh_tokens",
            "access_tokens",
        ] {
            assert_eq!(db.count(table), 0, "{table}");
        }
        for table in
            ["users", "credentials", "sessions", "groups", "roles", "group_members", "user_roles", "group_roles"]
        {
            assert_eq!(db.count(table), 1, "{table}");
        }
    }

    async fn a_child_without_its_parent_is_refused(db) {
        let refused = [
            db.write(|tx| Ok(session::insert(tx, &browser("s", "nobody"), b"x")?)).await,
            db.write(|tx| Ok(authorization_code::insert(tx, &code(b"c", "none", "rp"))?)).await,
            db.write(|tx| Ok(refresh_token::insert(tx, &refresh(b"r", "none", "rp"))?)).await,
            db.write(|tx| Ok(access_token::insert(tx, &opaque(b"o", "none"))?)).await,
            db.write(|tx| Ok(interaction::insert(tx, &dialogue("i", "none"))?)).await,
            db.write(|tx| groups::add_member(tx, &GroupId::new("g"), &alice()).map(drop).map_err(Into::into)).await,
        ];
        for (number, answer) in refused.into_iter().enumerate() {
            assert!(answer.unwrap_err().is_broken(), "{number}");
        }
    }

    async fn groups_and_roles_are_told_directly_and_through_groups(db) {
        everything(&db).await;
        let direct = db.read(|tx| roles::direct_names_of_user(tx, &alice())).await.unwrap();
        let through = db.read(|tx| roles::names_by_group_of_user(tx, &alice())).await.unwrap();
        assert_eq!((direct, through), (vec!["r".to_owned()], vec![("g".to_owned(), "r".to_owned())]));
        assert_eq!(db.read(|tx| groups::names_of_user(tx, &alice())).await.unwrap(), ["g"]);
        assert_eq!(db.read(|tx| groups::member_names(tx, &GroupId::new("g-g"))).await.unwrap(), ["alice"]);
        assert_eq!(db.read(|tx| roles::names_of_client(tx, &ClientId::new("rp"))).await.unwrap(), ["r"]);
        let holders = async || db.read(|tx| roles::active_holders(tx, &RoleId::new("r-r"))).await.unwrap();
        assert_eq!(holders().await, [alice()], "once, though held twice");
        db.write(|tx| {
            assert!(roles::revoke_from_user(tx, &RoleId::new("r-r"), &alice())?);
            assert!(!roles::revoke_from_user(tx, &RoleId::new("r-r"), &alice())?);
            assert!(roles::revoke_from_client(tx, &RoleId::new("r-r"), &ClientId::new("rp"))?);
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(holders().await, [alice()], "still through the group");
        db.write(|tx| Ok(groups::remove_member(tx, &GroupId::new("g-g"), &alice())?)).await.unwrap();
        assert!(holders().await.is_empty());
        db.write(|tx| {
            roles::grant_to_user(tx, &RoleId::new("r-r"), &alice())?;
            Ok(user::update(tx, &User { state: UserState::Disabled, ..person("alice") })?)
        })
        .await
        .unwrap();
        assert!(holders().await.is_empty(), "a disabled person holds nothing");
        assert!(db.write(|tx| Ok(roles::delete(tx, &RoleId::new("r-r"))?)).await.unwrap());
        assert_eq!(db.count("group_roles") + db.count("user_roles"), 0);
    }

    async fn pages_are_complete_and_in_the_same_order_on_both_databases(db) {
        let names = ["zoe", "Ärger", "_x", "a-b", "a_b", "a.b", "ab", "Zoe2", "1", "ß", "ss", "Ab2"];
        db.write(move |tx| {
            for name in names {
                user::insert(
                    tx,
                    &User {
                        id: UserId::new(format!("id-{name}")),
                        email: None,
                        name: Some("Same Name".into()),
                        ..person(name)
                    },
                )?;
                client::insert(tx, &Client { name: "Same Name".into(), ..app(name) })?;
                groups::insert(tx, &group(name))?;
                roles::insert(tx, &role(name))?;
            }
            Ok(())
        })
        .await
        .unwrap();
        let mut expected: Vec<String> = names.map(str::to_owned).to_vec();
        expected.sort();
        let mut folded = expected.clone();
        folded.sort_by_key(|name| User::canonical(name));
        for size in [1, 5, 50] {
            macro_rules! all {
                ($list:path, $key:expr) => {{
                    let (mut after, mut seen) = (None::<String>, Vec::new());
                    loop {
                        let place = after.clone();
                        let page = db.read(move |tx| $list(tx, place.as_deref(), size)).await.unwrap();
                        assert!(page.len() <= size as usize);
                        seen.extend(page.iter().map($key));
                        match seen.last() {
                            Some(last) if !page.is_empty() => after = Some(last.clone()),
                            _ => break,
                        }
                    }
                    seen
                }};
            }
            assert_eq!(all!(user::list, |user| user.username.clone()), folded);
            assert_eq!(all!(client::list, |client| client.client_id.to_string()), expected);
            assert_eq!(all!(groups::list, |group| group.name.clone()), expected);
            assert_eq!(all!(roles::list, |role| role.name.clone()), expected);
        }
    }

    async fn sessions_authorizations_and_dialogues_come_back_as_stored(db) {
        everything(&db).await;
        let session = browser("s", "alice");
        assert_eq!(db.read(|tx| session::find(tx, &SessionId::new("s"))).await.unwrap(), Some(session.clone()));
        assert_eq!(db.read(|tx| session::find_by_secret(tx, b"session-secret")).await.unwrap(), Some(session));
        assert_eq!(db.read(|tx| session::find_by_secret(tx, b"session-secreT")).await.unwrap(), None);
        let live = async |at| db.read(move |tx| session::live_of_user(tx, &alice(), at)).await.unwrap().len();
        assert_eq!((live(NOW).await, live(NOW.plus_seconds(3600)).await), (1, 0));
        let far = NOW.plus_seconds(20_000);
        db.write(move |tx| {
            session::touch(tx, &SessionId::new("s"), far)?;
            Ok(session::touch(tx, &SessionId::new("s"), NOW)?)
        })
        .await
        .unwrap();
        assert_eq!(live(NOW.plus_seconds(19_999)).await, 1, "the idle limit moves forward only");
        let found = db.read(|tx| authorization::find(tx, &AuthorizationId::new("a"))).await.unwrap();
        assert_eq!(found, Some(allowed("a", "alice", "rp", "s")));
        let standing =
            async || db.read(|tx| authorization::standing_of_session(tx, &SessionId::new("s"))).await.unwrap().len();
        assert_eq!(standing().await, 1);
        assert!(db.write(|tx| Ok(authorization::revoke(tx, &AuthorizationId::new("a"), NOW)?)).await.unwrap());
        assert_eq!(standing().await, 0);
        let mut moved = dialogue("i", "rp");
        moved.session_id = Some(SessionId::new("s"));
        moved.authenticated_at = Some(NOW);
        let change = moved.clone();
        assert!(db.write(move |tx| Ok(interaction::update(tx, &change)?)).await.unwrap());
        let found = db.read(|tx| interaction::find(tx, &InteractionId::new("i"))).await.unwrap().unwrap();
        assert_eq!(
            (found.session_id, found.authenticated_at, found.browser_hash),
            (moved.session_id, moved.authenticated_at, vec![1; 32])
        );
        assert!(db.write(|tx| Ok(access_token::revoke(tx, b"o", NOW)?)).await.unwrap());
        assert!(!db.write(|tx| Ok(access_token::revoke(tx, b"o", NOW)?)).await.unwrap());
        assert!(!db.write(|tx| Ok(access_token::revoke(tx, b"unknown", NOW)?)).await.unwrap());
    }

    async fn a_key_moves_on_once_and_only_a_retired_one_is_removed(db) {
        let key = SigningKeyRecord {
            id: KeyId::new("k"),
            algorithm: SigningAlgorithm::ES256.into(),
            state: KeyState::Next,
            public_jwk: "{}".into(),
            sealed_private_key: vec![0, 1, 2],
            created_at: NOW,
            activated_at: None,
            retired_at: None,
        };
        let stored = key.clone();
        db.write(move |tx| Ok(signing_key::insert(tx, &stored)?)).await.unwrap();
        assert_eq!(db.read(signing_key::list).await.unwrap(), [key]);
        let answers = db
            .write(|tx| {
                let id = KeyId::new("k");
                let mut answers = vec![signing_key::delete_retired(tx, &id)?];
                for (from, to) in [
                    (KeyState::Active, KeyState::Retired),
                    (KeyState::Next, KeyState::Active),
                    (KeyState::Next, KeyState::Active),
                    (KeyState::Active, KeyState::Next),
                    (KeyState::Active, KeyState::Retired),
                ] {
                    answers.push(signing_key::advance(tx, &id, from, to, NOW)?);
                }
                answers.push(signing_key::delete_retired(tx, &id)?);
                Ok(answers)
            })
            .await
            .unwrap();
        assert_eq!(answers, [false, false, true, false, false, true, true]);
    }

    async fn a_database_is_empty_until_it_holds_a_user_or_a_client(db) {
        assert!(db.read(instance::is_empty).await.unwrap());
        db.write(|tx| Ok(client::insert(tx, &app("rp"))?)).await.unwrap();
        assert!(!db.read(instance::is_empty).await.unwrap());
    }
}

/// One of everything, all of it alice's and rp's.
async fn everything(db: &TestDb) {
    db.seeded().await;
    db.write(|tx| {
        credential::set_password(tx, "c", &alice(), "phc", NOW)?;
        groups::insert(tx, &group("g"))?;
        roles::insert(tx, &role("r"))?;
        groups::add_member(tx, &GroupId::new("g-g"), &alice())?;
        let (role, rp) = (RoleId::new("r-r"), ClientId::new("rp"));
        roles::grant_to_user(tx, &role, &alice())?;
        roles::grant_to_group(tx, &role, &GroupId::new("g-g"))?;
        roles::grant_to_client(tx, &role, &rp)?;
        let secret = ClientSecret {
            id: "cs".into(),
            client_id: rp.clone(),
            label: String::new(),
            secret_hash: vec![1],
            sealed_secret: None,
            created_at: NOW,
            expires_at: None,
        };
        client::insert_secret(tx, &secret)?;
        let agreed = Consent { user_id: alice(), client_id: rp, scope: vec!["openid".into()], granted_at: NOW };
        consent::put(tx, &agreed)?;
        authorization_code::insert(tx, &code(b"c", "a", "rp"))?;
        refresh_token::insert(tx, &refresh(b"r", "a", "rp"))?;
        access_token::insert(tx, &opaque(b"o", "rp"))?;
        interaction::insert(tx, &dialogue("i", "rp"))?;
        Ok(())
    })
    .await
    .unwrap();
}
