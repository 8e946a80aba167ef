//! An address that nobody has verified is nobody's: it tells no stranger who has an account, and keeps
//! no owner from it (ASVS 6.3.8; security requirements, peers' defect 10).

use symbolon::{
    domain::entity::ConsentMode,
    service::admin::{
        AdminFailure,
        user::{self, UserChanges},
    },
};

use super::{STRONG, count_of_people, create, creating, on_page, user_named};
use crate::support::{Authorize, ClientSpec, PASSWORD, TestApp};

async fn verify(app: &TestApp, username: &str) -> Result<(), AdminFailure> {
    let changes = UserChanges { email_verified: Some(true), ..UserChanges::default() };
    user::update(&app.cx(), username, changes).await.map(drop)
}

both! {
    async fn an_address_that_somebody_has_looks_like_any_other(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web").set(|settings| settings.consent = ConsentMode::Skip)).await;
        app.person("alice").await;
        let mut shapes = Vec::new();
        for (username, email) in [("free", "free@example.com"), ("taken", "alice@example.com"), ("case", "ALICE@example.com")] {
            let mut browser = app.browser();
            let page = on_page(&mut browser, &rp).await;
            let away = create(&mut browser, &page, username, email, STRONG).await.away();
            let tokens = rp.exchange(&away.grant(&creating(&rp))).await.ok().await;
            let told = rp.userinfo(&tokens.access_token).await.json().await;
            assert_eq!(told["email"], email);
            assert_eq!(told["email_verified"], false);
            let names: Vec<String> = told.as_object().expect("claims").keys().cloned().collect();
            shapes.push((away.answer.response.status, names));
        }
        assert_eq!(shapes[0], shapes[1]);
        assert_eq!(shapes[0], shapes[2]);
        assert_eq!(count_of_people(&app).await, 4);
    }

    async fn an_address_signs_in_to_the_account_that_it_stands_for_only(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "mallory", "alice@example.com", STRONG).await.page("/consent/");
        // Alice is not shut out, and Mallory's password opens nothing under her address.
        let mut other = app.browser();
        let page = other.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let again = other.sign_in(&page, "alice@example.com", STRONG).await.page("/sign-in/");
        again.complains(200, "AS-2001").await;
        other.sign_in(&again, "alice@example.com", PASSWORD).await.page("/consent/");
        assert_eq!(user_named(&app, "alice@example.com").await.expect("alice").id, alice.id);
    }

    async fn an_address_that_was_typed_first_does_not_keep_its_owner_out(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "mallory", "bob@example.com", STRONG).await.page("/consent/");
        assert!(user_named(&app, "bob@example.com").await.is_none(), "it signs in to nothing");
        // An administrator vouches for Bob's; his address is his.
        let bob = app.person("bob").await;
        assert_eq!(user_named(&app, "bob@example.com").await.expect("bob").id, bob.id);
        let refused = verify(&app, "mallory").await.expect_err("it is Bob's");
        assert_eq!(refused.reason().map(|reason| reason.code()), Some("AS-3001"));
    }

    async fn a_verified_address_stands_for_its_account(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        let mut elsewhere = app.browser();
        let page = elsewhere.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let page = elsewhere.sign_in(&page, "nora@example.com", STRONG).await.page("/sign-in/");
        page.complains(200, "AS-2001").await;
        verify(&app, "nora").await.expect("nobody else has it");
        elsewhere.sign_in(&page, "Nora@Example.com", STRONG).await.page("/consent/");
        // A new one is not verified, and stands for nobody.
        let changes = UserChanges { email: Some(Some("new@example.com".to_owned())), ..UserChanges::default() };
        user::update(&app.cx(), "nora", changes).await.expect("changed");
        assert!(user_named(&app, "new@example.com").await.is_none());
        assert!(user_named(&app, "nora@example.com").await.is_none());
    }
}
