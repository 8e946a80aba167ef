//! Tests of `interaction`.

use proptest::prelude::*;

use super::*;
use crate::{
    entity::UserState,
    ids::ClientId,
    oidc::fixtures::{client, names, session, user},
};

const STARTED: Timestamp = Timestamp::from_seconds(10_000);
const NOW: Timestamp = Timestamp::from_seconds(10_060);

/// Alice signed in an hour ago and agreed to the client before; the defaults ask for nothing more.
#[derive(Debug)]
struct Scene {
    prompts: Prompts,
    max_age: Option<i64>,
    acr_values: Vec<String>,
    scope: Vec<String>,
    client: Client,
    user: User,
    session: Option<Session>,
    unsure: bool,
    hinted: Option<UserId>,
    consent: Option<Consent>,
    progress: Progress,
}

type Change = fn(&mut Scene);

impl Scene {
    fn new() -> Self {
        let alice = user("alice");
        let scope = names(&["openid", "email"]);
        let consent = Consent {
            user_id: alice.id.clone(),
            client_id: ClientId::new("web"),
            scope: scope.clone(),
            granted_at: Timestamp::from_seconds(1),
        };
        Self {
            prompts: Prompts::EMPTY,
            max_age: None,
            acr_values: Vec::new(),
            scope,
            client: client("web"),
            session: Some(session("s1", &alice, STARTED.plus_seconds(-3600))),
            user: alice,
            unsure: false,
            hinted: None,
            consent: Some(consent),
            progress: Progress::default(),
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn prompt(self, prompts: Prompts) -> Self {
        self.change(|scene| scene.prompts = prompts)
    }

    /// Alice authenticates in this dialogue, 30 seconds after it began.
    fn fresh(self) -> Self {
        self.change(|scene| {
            let at = STARTED.plus_seconds(30);
            scene.session = Some(session("s2", &scene.user, at));
            scene.progress.authenticated_at = Some(at);
        })
    }

    fn decide(&self) -> Decision {
        decide(&Situation {
            prompts: self.prompts,
            max_age: self.max_age,
            acr_values: &self.acr_values,
            requested_scope: &self.scope,
            client: &self.client,
            session: self.session.as_ref().map(|session| (session, &self.user)),
            unsure: self.unsure,
            hinted_subject: self.hinted.as_ref(),
            consent: self.consent.as_ref(),
            progress: &self.progress,
            started_at: STARTED,
            now: NOW,
        })
    }

    fn refused(&self) -> (&'static str, &'static str) {
        match self.decide() {
            Decision::Refuse(error) => (error.code.name(), error.reason.code()),
            page => panic!("not refused: {page:?}"),
        }
    }
}

#[test]
fn a_live_session_with_remembered_consent_is_granted_without_a_page() {
    assert_eq!(Scene::new().decide(), Decision::Grant);
    assert_eq!(Scene::new().prompt(Prompts::NONE).decide(), Decision::Grant);
}

#[test]
fn without_a_session_somebody_signs_in_or_login_is_required() {
    let scene = Scene::new().change(|scene| scene.session = None);
    assert_eq!(scene.decide(), Decision::SignIn);
    assert_eq!(scene.prompt(Prompts::NONE).refused(), ("login_required", "AS-1017"));
}

#[test]
fn a_session_that_does_not_stand_is_no_session() {
    let changes: [(&str, Change); 7] = [
        ("ended", |scene| scene.session.as_mut().expect("session").ended_at = Some(NOW)),
        ("idle", |scene| scene.session.as_mut().expect("session").idle_expires_at = NOW),
        ("expired", |scene| scene.session.as_mut().expect("session").expires_at = NOW),
        ("disabled", |scene| scene.user.state = UserState::Disabled),
        ("before not_before", |scene| scene.user.not_before = Some(NOW)),
        ("of another person", |scene| scene.session.as_mut().expect("session").user_id = UserId::new("bob")),
        ("disabled although fresh", |scene| {
            scene.progress.authenticated_at = Some(NOW);
            scene.user.state = UserState::Disabled;
        }),
    ];
    for (what, change) in changes {
        let scene = Scene::new().change(change);
        assert_eq!(scene.decide(), Decision::SignIn, "{what}");
        assert_eq!(scene.prompt(Prompts::NONE).refused(), ("login_required", "AS-1017"), "{what}");
    }
}

#[test]
fn prompt_login_asks_although_a_session_stands_and_only_once() {
    let scene = Scene::new().prompt(Prompts::LOGIN);
    assert_eq!(scene.decide(), Decision::Reauthenticate);
    assert_eq!(scene.fresh().decide(), Decision::Grant);
}

#[test]
fn an_authentication_from_before_the_dialogue_does_not_answer_prompt_login() {
    let before = STARTED.plus_seconds(-1);
    let stale = Scene::new().prompt(Prompts::LOGIN).change(|scene| scene.progress.authenticated_at = Some(before));
    assert_eq!(stale.decide(), Decision::Reauthenticate);
    let other_session = Scene::new().prompt(Prompts::LOGIN).change(|scene| scene.progress.authenticated_at = Some(NOW));
    assert_eq!(other_session.decide(), Decision::Reauthenticate, "the session itself is older than the dialogue");
    let other_dialogue =
        Scene::new().fresh().prompt(Prompts::LOGIN).change(|scene| scene.progress.authenticated_at = None);
    assert_eq!(other_dialogue.decide(), Decision::Reauthenticate, "signed in, but in another dialogue");
}

#[test]
fn max_age_asks_when_it_is_exceeded_and_not_before() {
    let age = |max_age| Scene::new().change(|scene| scene.max_age = Some(max_age));
    assert_eq!(age(15_000).decide(), Decision::Grant);
    assert_eq!(age(3_660).decide(), Decision::Grant, "exactly as old as allowed");
    assert_eq!(age(3_659).decide(), Decision::Reauthenticate);
    assert_eq!(age(1).prompt(Prompts::NONE).refused(), ("login_required", "AS-1017"));
    assert_eq!(age(i64::MAX).decide(), Decision::Grant);
}

#[test]
fn max_age_counts_parts_of_a_second() {
    let scene = Scene::new().change(|scene| {
        scene.max_age = Some(1);
        scene.session = Some(session("s1", &scene.user, Timestamp::from_millis(NOW.millis() - 1_001)));
    });
    assert_eq!(scene.change(|scene| scene.progress.authenticated_at = None).decide(), Decision::Reauthenticate);
}

#[test]
fn max_age_zero_and_nonsense_below_it_always_ask() {
    for max_age in [0, -1, i64::MIN] {
        let scene = Scene::new().change(|scene| {
            scene.max_age = Some(max_age);
            scene.session = Some(session("s1", &scene.user, NOW));
        });
        assert_eq!(scene.decide(), Decision::Reauthenticate, "{max_age}");
        assert_eq!(scene.fresh().decide(), Decision::Grant, "{max_age}");
    }
}

#[test]
fn a_class_that_the_session_has_not_reached_asks_for_a_sign_in_once() {
    let scene = || {
        Scene::new().change(|scene| {
            scene.acr_values = names(&["9", "1"]);
            if let Some(session) = &mut scene.session {
                session.context.acr = "0".to_owned();
            }
        })
    };
    assert_eq!(scene().decide(), Decision::Reauthenticate);
    assert_eq!(scene().fresh().decide(), Decision::Grant);
    // Signed in just now, and still not of that class: a wish asks no second time.
    let still = scene().fresh().change(|scene| {
        scene.session.as_mut().expect("a session").context.acr = "0".to_owned();
    });
    assert_eq!(still.decide(), Decision::Grant);
    assert_eq!(scene().prompt(Prompts::NONE).decide(), Decision::Grant, "a wish is never an error");
    assert_eq!(scene().change(|scene| scene.acr_values = names(&["9"])).decide(), Decision::Grant);
    assert_eq!(Scene::new().change(|scene| scene.acr_values = names(&["9", "1"])).decide(), Decision::Grant);
}

#[test]
fn the_clients_default_max_age_counts_where_the_request_says_nothing() {
    let scene = Scene::new().change(|scene| scene.client.settings.default_max_age = Some(60));
    assert_eq!(scene.decide(), Decision::Reauthenticate);
    assert_eq!(scene.change(|scene| scene.max_age = Some(15_000)).decide(), Decision::Grant);
}

#[test]
fn who_authenticated_in_the_dialogue_is_not_asked_again_while_reading_the_consent_page() {
    let scene = Scene::new().fresh().change(|scene| scene.max_age = Some(1));
    assert_eq!(scene.decide(), Decision::Grant);
}

#[test]
fn a_hint_of_somebody_else_is_never_granted() {
    let scene = Scene::new().change(|scene| scene.hinted = Some(UserId::new("bob")));
    assert_eq!(scene.decide(), Decision::SignIn);
    assert_eq!(scene.prompt(Prompts::NONE).refused(), ("login_required", "AS-1019"));
    let insisting = Scene::new().fresh().change(|scene| scene.hinted = Some(UserId::new("bob")));
    assert_eq!(insisting.decide(), Decision::SignIn, "signing in as the wrong person does not help");
}

#[test]
fn a_hint_of_the_person_signed_in_is_granted() {
    let scene = Scene::new().prompt(Prompts::NONE).change(|scene| scene.hinted = Some(UserId::new("alice")));
    assert_eq!(scene.decide(), Decision::Grant);
}

#[test]
fn select_account_asks_until_this_very_account_was_chosen() {
    let scene = Scene::new().prompt(Prompts::SELECT_ACCOUNT);
    assert_eq!(scene.decide(), Decision::SelectAccount);
    let bob = scene.change(|scene| scene.progress.account_chosen = Some(UserId::new("bob")));
    assert_eq!(bob.decide(), Decision::SelectAccount, "another account was chosen");
    let alice = bob.change(|scene| scene.progress.account_chosen = Some(UserId::new("alice")));
    assert_eq!(alice.decide(), Decision::Grant);
}

#[test]
fn one_of_several_accounts_is_chosen_by_the_person() {
    let scene = Scene::new().change(|scene| scene.unsure = true);
    assert_eq!(scene.decide(), Decision::SelectAccount);
    let chosen = scene.change(|scene| scene.progress.account_chosen = Some(UserId::new("alice")));
    assert_eq!(chosen.decide(), Decision::Grant);
    let silent = Scene::new().prompt(Prompts::NONE).change(|scene| scene.unsure = true);
    assert_eq!(silent.refused(), ("account_selection_required", "AS-1019"));
    assert_eq!(Scene::new().change(|scene| scene.unsure = true).fresh().decide(), Decision::Grant);
}

#[test]
fn typing_the_credentials_in_the_dialogue_is_a_choice() {
    assert_eq!(Scene::new().prompt(Prompts::SELECT_ACCOUNT).fresh().decide(), Decision::Grant);
}

#[test]
fn a_choice_does_not_answer_prompt_login() {
    let both = Prompts::SELECT_ACCOUNT.with(Prompts::LOGIN);
    let scene = Scene::new().prompt(both).change(|scene| scene.progress.account_chosen = Some(UserId::new("alice")));
    assert_eq!(scene.decide(), Decision::Reauthenticate);
}

#[test]
fn prompt_none_wins_over_whatever_it_is_combined_with() {
    let scene = Scene::new().prompt(Prompts::NONE.with(Prompts::SELECT_ACCOUNT));
    assert_eq!(scene.refused(), ("account_selection_required", "AS-1019"));
}

#[test]
fn an_app_that_registered_itself_is_asked_about_whatever_is_stored() {
    for owner in [crate::entity::Owner::Dcr, crate::entity::Owner::Cimd] {
        let mut client = client("app");
        client.settings.consent = ConsentMode::Skip;
        assert_eq!(client.consent_mode(), ConsentMode::Skip);
        client.owner = owner;
        assert_eq!(client.consent_mode(), ConsentMode::Once);
        client.settings.consent = ConsentMode::Always;
        assert_eq!(client.consent_mode(), ConsentMode::Always);
    }
}

#[test]
fn consent_is_asked_for_once_per_scope() {
    let changes: [(&str, Change); 4] = [
        ("never given", |scene| scene.consent = None),
        ("a scope more", |scene| scene.scope.push("groups".into())),
        ("given by bob", |scene| scene.consent.as_mut().expect("consent").user_id = UserId::new("bob")),
        ("to another client", |scene| scene.consent.as_mut().expect("consent").client_id = ClientId::new("spa")),
    ];
    for (what, change) in changes {
        let scene = Scene::new().change(change);
        assert_eq!(scene.decide(), Decision::Consent, "{what}");
        let agreed = scene.change(|scene| scene.progress.consented_by = Some(UserId::new("alice")));
        assert_eq!(agreed.decide(), Decision::Grant, "{what}");
        let silent = agreed.change(|scene| scene.progress.consented_by = None).prompt(Prompts::NONE);
        assert_eq!(silent.refused(), ("consent_required", "AS-1018"), "{what}");
    }
}

#[test]
fn fewer_scopes_than_remembered_need_no_page() {
    assert_eq!(Scene::new().change(|scene| scene.scope = names(&["openid"])).decide(), Decision::Grant);
}

#[test]
fn consent_given_by_one_account_does_not_pass_to_the_next() {
    let scene = Scene::new().change(|scene| {
        scene.consent = None;
        scene.progress.consented_by = Some(UserId::new("bob"));
    });
    assert_eq!(scene.decide(), Decision::Consent);
}

#[test]
fn a_client_that_always_asks_does_not_remember() {
    let scene = Scene::new().change(|scene| scene.client.settings.consent = ConsentMode::Always);
    assert_eq!(scene.decide(), Decision::Consent);
    assert_eq!(scene.prompt(Prompts::NONE).refused(), ("consent_required", "AS-1018"));
}

#[test]
fn a_first_party_client_asks_only_when_it_says_so() {
    let scene = Scene::new().change(|scene| {
        scene.client.settings.consent = ConsentMode::Skip;
        scene.consent = None;
    });
    assert_eq!(scene.decide(), Decision::Grant);
    assert_eq!(scene.prompt(Prompts::CONSENT).decide(), Decision::Consent);
}

#[test]
fn prompt_consent_asks_although_it_is_remembered() {
    let scene = Scene::new().prompt(Prompts::CONSENT);
    assert_eq!(scene.decide(), Decision::Consent);
    let agreed = scene.change(|scene| scene.progress.consented_by = Some(UserId::new("alice")));
    assert_eq!(agreed.decide(), Decision::Grant);
}

#[test]
fn a_disabled_client_gets_nothing() {
    let scene = Scene::new().change(|scene| scene.client.enabled = false);
    assert_eq!(scene.refused(), ("unauthorized_client", "AS-1001"));
}

#[test]
fn whoever_is_to_create_an_account_is_asked_to_whoever_is_signed_in() {
    let alice = Scene::new().prompt(Prompts::CREATE);
    assert_eq!(alice.decide(), Decision::SignUp);
    let nobody = Scene::new().prompt(Prompts::CREATE).change(|scene| scene.session = None);
    assert_eq!(nobody.decide(), Decision::SignUp);
    for other in [Prompts::LOGIN, Prompts::CONSENT, Prompts::SELECT_ACCOUNT] {
        assert_eq!(Scene::new().prompt(Prompts::CREATE.with(other)).decide(), Decision::SignUp, "{other:?}");
    }
    let several = Scene::new().prompt(Prompts::CREATE).change(|scene| scene.unsure = true);
    assert_eq!(several.decide(), Decision::SignUp);
}

#[test]
fn an_account_that_was_created_in_the_dialogue_is_enough() {
    // Consent is remembered in these scenes; a new account has none.
    for other in [Prompts::EMPTY, Prompts::LOGIN, Prompts::SELECT_ACCOUNT] {
        let created = Scene::new().prompt(Prompts::CREATE.with(other)).fresh();
        assert_eq!(created.decide(), Decision::Grant, "{other:?}");
        assert_eq!(created.change(|scene| scene.consent = None).decide(), Decision::Consent, "{other:?}");
    }
    let asked = Scene::new().prompt(Prompts::CREATE.with(Prompts::CONSENT)).fresh();
    assert_eq!(asked.decide(), Decision::Consent);
    let timed = Scene::new().prompt(Prompts::CREATE).fresh().change(|scene| scene.max_age = Some(0));
    assert_eq!(timed.decide(), Decision::Grant);
}

#[test]
fn whoever_has_an_account_already_may_say_so_instead_of_creating_one() {
    let chosen =
        Scene::new().prompt(Prompts::CREATE).change(|scene| scene.progress.account_chosen = Some(UserId::new("alice")));
    assert_eq!(chosen.decide(), Decision::Grant);
    let proven = Scene::new()
        .prompt(Prompts::CREATE.with(Prompts::LOGIN))
        .change(|scene| scene.progress.account_chosen = Some(UserId::new("alice")));
    assert_eq!(proven.decide(), Decision::Reauthenticate, "a choice is no proof");
}

#[test]
fn what_another_account_did_creates_none() {
    let theirs: [(&str, Change); 4] = [
        ("bob chose", |scene| scene.progress.account_chosen = Some(UserId::new("bob"))),
        ("an older session", |scene| scene.progress.authenticated_at = Some(STARTED.plus_seconds(30))),
        ("before the dialogue", |scene| {
            scene.session = Some(session("s2", &scene.user, STARTED.plus_seconds(30)));
            scene.progress.authenticated_at = Some(STARTED.plus_seconds(-1));
        }),
        ("not in the dialogue", |scene| scene.session = Some(session("s2", &scene.user, STARTED.plus_seconds(30)))),
    ];
    for (what, change) in theirs {
        let scene = Scene::new().prompt(Prompts::CREATE).change(change);
        assert_eq!(scene.decide(), Decision::SignUp, "{what}");
    }
}

#[test]
fn no_page_is_shown_to_create_an_account_where_none_may_be() {
    let scene = Scene::new().prompt(Prompts::CREATE.with(Prompts::NONE));
    assert_eq!(scene.refused(), ("login_required", "AS-1017"));
}

#[test]
fn unknown_prompt_names_make_no_set() {
    assert_eq!(Prompts::from_names(["login", "consent"]), Some(Prompts::LOGIN.with(Prompts::CONSENT)));
    assert_eq!(Prompts::from_names(["create"]), Some(Prompts::CREATE));
    assert_eq!(Prompts::from_names([]), Some(Prompts::EMPTY));
    for name in ["", "Login", "Create", "none login"] {
        assert_eq!(Prompts::from_names(["login", name]), None, "{name}");
    }
    assert!(!Prompts::LOGIN.contains(Prompts::NONE));
}

fn scenes() -> impl Strategy<Value = Scene> {
    let prompts = (0_u8..32).prop_map(Prompts);
    let who = || prop::option::of(prop::sample::select(vec!["alice", "bob"]).prop_map(UserId::new));
    let time = || 9_000_i64..10_061;
    let session_facts = prop::option::of((time(), prop::bool::ANY, prop::bool::weighted(0.2)));
    let mode = prop::sample::select(vec![ConsentMode::Skip, ConsentMode::Once, ConsentMode::Always]);
    (
        prompts,
        prop::option::of(0_i64..2_000),
        who(),
        session_facts,
        prop::option::of(time()),
        who(),
        who(),
        mode,
        prop::bool::weighted(0.2),
        prop::bool::ANY,
    )
        .prop_map(
            |(
                prompts,
                max_age,
                hinted,
                facts,
                authenticated_at,
                consented_by,
                account_chosen,
                mode,
                disabled,
                remembered,
            )| {
                Scene::new().change(|scene| {
                    scene.prompts = prompts;
                    scene.max_age = max_age;
                    scene.hinted = hinted;
                    scene.session = facts.map(|(auth_time, long, ended)| {
                        let mut session = session("s", &scene.user, Timestamp::from_seconds(auth_time));
                        session.ended_at = ended.then_some(NOW);
                        session.idle_expires_at = if long { NOW.plus_seconds(1) } else { NOW };
                        session
                    });
                    scene.progress = Progress {
                        authenticated_at: authenticated_at.map(Timestamp::from_seconds),
                        consented_by,
                        account_chosen,
                    };
                    scene.client.settings.consent = mode;
                    if disabled {
                        scene.user.state = UserState::Disabled;
                    }
                    if !remembered {
                        scene.consent = None;
                    }
                })
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn prompt_none_never_yields_a_page(scene in scenes()) {
        let decision = scene.prompt(Prompts::NONE).decide();
        prop_assert!(matches!(decision, Decision::Grant | Decision::Refuse(_)), "{decision:?}");
    }

    #[test]
    fn without_prompt_none_the_person_is_asked_and_nothing_is_refused(scene in scenes()) {
        if !scene.prompts.contains(Prompts::NONE) {
            prop_assert!(!matches!(scene.decide(), Decision::Refuse(_)));
        }
    }

    #[test]
    fn a_grant_has_a_live_session_a_fitting_person_and_consent(scene in scenes()) {
        if scene.decide() == Decision::Grant {
            let live = scene.session.as_ref().is_some_and(|session| session.is_live(NOW, scene.user.not_before));
            prop_assert!(live && scene.user.is_active());
            prop_assert!(scene.hinted.is_none() || scene.hinted.as_ref() == Some(&scene.user.id));
            let agreed = scene.progress.consented_by.as_ref() == Some(&scene.user.id);
            prop_assert!(agreed || scene.client.settings.consent != ConsentMode::Always);
            prop_assert!(agreed || !scene.prompts.contains(Prompts::CONSENT));
            prop_assert!(agreed || scene.consent.is_some() || scene.client.settings.consent == ConsentMode::Skip);
        }
    }

    #[test]
    fn a_grant_after_prompt_login_was_authenticated_in_the_dialogue(scene in scenes()) {
        let scene = scene.change(|scene| scene.prompts = scene.prompts.with(Prompts::LOGIN));
        if scene.decide() == Decision::Grant {
            prop_assert!(scene.progress.authenticated_at.is_some_and(|at| at >= STARTED));
            prop_assert!(scene.session.as_ref().is_some_and(|session| session.context.auth_time >= STARTED));
        }
    }

    #[test]
    fn a_grant_after_prompt_create_is_of_an_account_that_was_made_or_named_in_the_dialogue(scene in scenes()) {
        let scene = scene.change(|scene| scene.prompts = Prompts(scene.prompts.0 & !Prompts::NONE.0).with(Prompts::CREATE));
        if scene.decide() == Decision::Grant {
            let made = scene.progress.authenticated_at.is_some_and(|at| at >= STARTED);
            prop_assert!(made || scene.progress.account_chosen.as_ref() == Some(&scene.user.id));
        }
    }

    #[test]
    fn a_grant_is_never_older_than_max_age_unless_it_is_of_this_dialogue(scene in scenes(), max_age in 0_i64..2_000) {
        let scene = scene.change(|scene| scene.max_age = Some(max_age));
        if scene.decide() == Decision::Grant {
            let auth_time = scene.session.as_ref().expect("live").context.auth_time;
            prop_assert!(auth_time >= STARTED || NOW.seconds_since(auth_time) <= max_age);
        }
    }

    #[test]
    fn doing_what_each_page_asks_ends_in_a_grant(scene in scenes()) {
        let mut scene = scene.change(|scene| {
            scene.prompts = Prompts(scene.prompts.0 & !Prompts::NONE.0);
            scene.hinted = None;
            scene.user.state = UserState::Active;
        });
        for _ in 0..4 {
            scene = match scene.decide() {
                Decision::SignIn | Decision::SignUp | Decision::Reauthenticate => scene.fresh(),
                Decision::SelectAccount => scene.change(|scene| scene.progress.account_chosen = Some(scene.user.id.clone())),
                Decision::Consent => scene.change(|scene| scene.progress.consented_by = Some(scene.user.id.clone())),
                Decision::Grant | Decision::Refuse(_) => break,
            };
        }
        prop_assert_eq!(scene.decide(), Decision::Grant);
    }
}
