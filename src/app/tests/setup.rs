//! The first administrator: one, once, by one link.

use crate::{
    app::fixture::Fixture,
    domain::{
        Secret,
        entity::{Owner, Role, UserState},
    },
    service::{
        admin::{
            AdminFailure, event,
            role::{self, Holder},
            user::{self, NewUser, UserChanges},
        },
        setup::{complete, create_link, ensure_system_roles, has_administrator},
    },
};

const GOOD: &str = "correct horse battery staple";

async fn attempt(
    fixture: &Fixture,
    code: &Secret<String>,
    username: &str,
    email: Option<&str>,
    password: &str,
) -> Result<(), &'static str> {
    let cx = fixture.cx();
    match complete(&cx, code, username, email.map(str::to_owned), None, &Secret::from(password)).await {
        Ok(_) => Ok(()),
        Err(AdminFailure::Refused { reason, .. }) => {
            assert_eq!(cx.record().reason(), Some(reason), "a refusal is on record");
            Err(reason.code())
        }
        Err(AdminFailure::Broken(broken)) => panic!("{broken}"),
    }
}

#[tokio::test]
async fn a_setup_code_works_once_and_no_link_is_made_afterwards() {
    for fixture in Fixture::each().await {
        let code = create_link(&fixture.cx()).await.expect("link").expect("there is no administrator");
        attempt(&fixture, &code, "root", Some("root@example.com"), GOOD).await.expect("completed");
        assert!(has_administrator(&fixture.cx()).await.expect("read"));
        assert!(create_link(&fixture.cx()).await.expect("asked").is_none());
        assert_eq!(attempt(&fixture, &code, "eve", None, GOOD).await, Err("AS-2010"));
        let root = user::find(&fixture.cx(), "root").await.expect("root");
        assert_eq!((root.user.owner, root.has_password), (Owner::Ui, true));
        assert_eq!(root.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), [Role::OWNER]);
        let kinds: Vec<String> =
            event::list(&fixture.cx(), 0, 100).await.expect("events").into_iter().map(|event| event.kind).collect();
        for kind in ["setup.link_created", "user.created", "role.granted", "setup.completed"] {
            assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
        }
    }
}

#[tokio::test]
async fn wrong_expired_and_replaced_codes_are_refused() {
    for fixture in Fixture::each().await {
        let first = create_link(&fixture.cx()).await.expect("link").expect("code");
        let second = create_link(&fixture.cx()).await.expect("link").expect("code");
        let upper = second.expose().to_uppercase();
        for code in ["", "sym_su_", "a\0b", first.expose(), &upper, &format!("{}x", second.expose())] {
            assert_eq!(attempt(&fixture, &Secret::from(code), "root", None, GOOD).await, Err("AS-2010"), "{code:?}");
        }
        fixture.clock.pass(1801);
        assert_eq!(attempt(&fixture, &second, "root", None, GOOD).await, Err("AS-2010"));
        assert!(!has_administrator(&fixture.cx()).await.expect("read"));
    }
}

#[tokio::test]
async fn a_refused_person_leaves_the_link_usable() {
    for fixture in Fixture::each().await {
        let code = create_link(&fixture.cx()).await.expect("link").expect("code");
        user::create(&fixture.cx(), NewUser::named("taken", Owner::Cli)).await.expect("created");
        assert_eq!(attempt(&fixture, &code, "root", None, "short").await, Err("AS-2011"));
        assert_eq!(attempt(&fixture, &code, "root", None, "").await, Err("AS-2006"));
        assert_eq!(attempt(&fixture, &code, "", None, GOOD).await, Err("AS-2005"));
        assert_eq!(attempt(&fixture, &code, "ro ot", None, GOOD).await, Err("AS-2012"));
        assert_eq!(attempt(&fixture, &code, "root", Some("root"), GOOD).await, Err("AS-2013"));
        assert_eq!(attempt(&fixture, &code, "TAKEN", None, GOOD).await, Err("AS-3001"));
        attempt(&fixture, &code, "root", None, GOOD).await.expect("completed at last");
    }
}

#[tokio::test]
async fn a_link_made_before_an_administrator_came_by_another_way_is_dead() {
    for fixture in Fixture::each().await {
        let code = create_link(&fixture.cx()).await.expect("link").expect("code");
        user::create(&fixture.cx(), NewUser::named("ann", Owner::Cli)).await.expect("created");
        role::grant(&fixture.cx(), Role::OWNER, Holder::User("ann".into())).await.expect("granted");
        assert_eq!(attempt(&fixture, &code, "eve", None, GOOD).await, Err("AS-2010"));
        let disable = UserChanges { state: Some(UserState::Disabled), ..UserChanges::default() };
        assert!(user::update(&fixture.cx(), "ann", disable).await.is_err(), "the last administrator stays");
    }
}

#[tokio::test]
async fn of_a_hundred_completions_at_once_one_wins() {
    for fixture in Fixture::each().await {
        let code = create_link(&fixture.cx()).await.expect("link").expect("code");
        let attempts: Vec<_> = (0..100)
            .map(|number| {
                let (cx, code) = (fixture.cx(), code.clone());
                tokio::spawn(async move {
                    loop {
                        let name = format!("root{number}");
                        match complete(&cx, &code, &name, None, None, &Secret::from(GOOD)).await {
                            // The bounded pool that hashes passwords is meant to refuse a flood.
                            Err(AdminFailure::Broken(_)) => tokio::task::yield_now().await,
                            other => break other,
                        }
                    }
                })
            })
            .collect();
        let mut won = 0;
        for attempt in attempts {
            match attempt.await.expect("ran") {
                Ok(_) => won += 1,
                Err(failure) => assert_eq!(failure.reason().map(crate::domain::trace::Reason::code), Some("AS-2010")),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(user::list(&fixture.cx(), None, 1000).await.expect("list").len(), 1);
    }
}

#[tokio::test]
async fn system_roles_are_made_once_however_many_nodes_start() {
    for fixture in Fixture::each().await {
        let starts: Vec<_> = (0..20)
            .map(|_| {
                let cx = fixture.cx();
                tokio::spawn(async move { ensure_system_roles(&cx).await })
            })
            .collect();
        for start in starts {
            start.await.expect("ran").expect("made or found");
        }
        assert_eq!(role::list(&fixture.cx(), None, 10).await.expect("list").len(), 1);
    }
}
