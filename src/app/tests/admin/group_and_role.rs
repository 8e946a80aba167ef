//! Groups and roles.

use super::{code, told};
use crate::{
    app::fixture::Fixture,
    domain::{
        access::RoleSource,
        entity::{ClientKind, Owner, Role},
        jose::SigningAlgorithm,
    },
    service::{
        admin::{
            client::{self, NewClient},
            group::{self, GroupChanges},
            role::{self, Holder, RoleChanges},
            user::{self, NewUser},
        },
        clients,
    },
};

#[tokio::test]
async fn names_that_are_taken_malformed_or_unknown_are_refused() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        group::create(&cx, "engineering", "", Owner::Cli).await.expect("group");
        role::create(&cx, "editor", "", Owner::Cli).await.expect("role");
        assert_eq!(
            told(group::create(&cx, "engineering", "", Owner::Cli).await),
            "AS-3001 the group engineering is taken"
        );
        assert_eq!(told(role::create(&cx, "editor", "", Owner::Cli).await), "AS-3001 the role editor is taken");
        assert_eq!(code(role::create(&cx, Role::OWNER, "", Owner::Cli).await), "AS-3001");
        for name in ["", "a,b", "a\0b", " a", "<script>"] {
            assert_eq!(code(group::create(&cx, name, "", Owner::Cli).await), "AS-3003", "{name:?}");
            assert_eq!(code(role::create(&cx, name, "", Owner::Cli).await), "AS-3003", "{name:?}");
        }
        assert_eq!(code(group::create(&cx, "ok", "a\0b", Owner::Cli).await), "AS-3003");
        for name in ["nothing", "a\0b"] {
            assert_eq!(code(group::find(&cx, name).await), "AS-3002");
            assert_eq!(code(group::delete(&cx, name).await), "AS-3002");
            assert_eq!(code(group::add_member(&cx, name, "alice").await), "AS-3002");
            assert_eq!(code(role::find(&cx, name).await), "AS-3002");
            assert_eq!(code(role::delete(&cx, name).await), "AS-3002");
            assert_eq!(code(role::grant(&cx, name, Holder::User("alice".into())).await), "AS-3002");
        }
        assert_eq!(code(group::add_member(&cx, "engineering", "alice").await), "AS-3002");
        for holder in [Holder::User("x".into()), Holder::Group("x".into()), Holder::Client("x".into())] {
            assert_eq!(code(role::grant(&cx, "editor", holder.clone()).await), "AS-3002", "{holder:?}");
            assert_eq!(code(role::revoke(&cx, "editor", holder.clone()).await), "AS-3002", "{holder:?}");
        }
    }
}

#[tokio::test]
async fn a_group_or_role_changed_meanwhile_is_not_overwritten() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        group::create(&cx, "a", "", Owner::Cli).await.expect("group");
        group::create(&cx, "b", "", Owner::Cli).await.expect("group");
        role::create(&cx, "r", "", Owner::Cli).await.expect("role");
        let describe = |version| GroupChanges { description: Some("new".into()), version, name: None };
        assert_eq!(group::update(&cx, "a", describe(Some(1))).await.expect("changed").version, 2);
        assert_eq!(code(group::update(&cx, "a", describe(Some(1))).await), "AS-3005");
        let rename = GroupChanges { name: Some("b".into()), ..GroupChanges::default() };
        assert_eq!(code(group::update(&cx, "a", rename).await), "AS-3001");
        let describe = |version| RoleChanges { description: Some("new".into()), version, name: None };
        assert_eq!(role::update(&cx, "r", describe(Some(1))).await.expect("changed").version, 2);
        assert_eq!(code(role::update(&cx, "r", describe(Some(1))).await), "AS-3005");
    }
}

#[tokio::test]
async fn the_built_in_role_is_neither_renamed_nor_described_nor_deleted() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        for changes in [
            RoleChanges { name: Some("boss".into()), ..RoleChanges::default() },
            RoleChanges { description: Some("".into()), ..RoleChanges::default() },
        ] {
            assert_eq!(code(role::update(&cx, Role::OWNER, changes).await), "AS-3003");
        }
        assert_eq!(code(role::delete(&cx, Role::OWNER).await), "AS-3003");
        assert_eq!(role::find(&cx, Role::OWNER).await.expect("there").role.owner, Owner::System);
    }
}

#[tokio::test]
async fn effective_roles_name_every_way_in_which_they_are_held() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        user::create(&cx, NewUser::named("alice", Owner::Cli)).await.expect("alice");
        group::create(&cx, "staff", "", Owner::Cli).await.expect("group");
        role::create(&cx, "editor", "", Owner::Cli).await.expect("role");
        assert!(group::add_member(&cx, "staff", "alice").await.expect("added"));
        assert!(!group::add_member(&cx, "staff", "alice").await.expect("twice does nothing"));
        assert!(role::grant(&cx, "editor", Holder::Group("staff".into())).await.expect("granted"));
        assert!(role::grant(&cx, "editor", Holder::User("alice".into())).await.expect("granted"));
        assert!(!role::grant(&cx, "editor", Holder::User("alice".into())).await.expect("twice does nothing"));
        let found = user::find(&cx, "alice").await.expect("alice");
        assert_eq!(found.roles.len(), 1);
        assert_eq!(found.roles[0].sources, [RoleSource::Direct, RoleSource::Group("staff".into())]);
        assert_eq!(role::find(&cx, "editor").await.expect("role").holders, ["alice"]);
        group::delete(&cx, "staff").await.expect("deleted");
        assert!(role::revoke(&cx, "editor", Holder::User("alice".into())).await.expect("revoked"));
        assert!(!role::revoke(&cx, "editor", Holder::User("alice".into())).await.expect("twice does nothing"));
        assert!(user::find(&cx, "alice").await.expect("alice").roles.is_empty());
    }
}

#[tokio::test]
async fn a_clients_role_reaches_its_next_request() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let mut new = NewClient::of_kind(ClientKind::Machine, "Service", Owner::Cli);
        new.client_id = Some("service".into());
        new.settings.id_token_signed_response_alg = SigningAlgorithm::ES256;
        new.settings.access_token_signed_response_alg = SigningAlgorithm::ES256;
        let id = client::create(&cx, new).await.expect("client").client.client_id;
        role::create(&cx, "reader", "", Owner::Cli).await.expect("role");
        let before = clients::find_recent(&cx, &id).await.expect("read").expect("known");
        role::grant(&cx, "reader", Holder::Client("service".into())).await.expect("granted");
        let after = clients::find_recent(&cx, &id).await.expect("read").expect("known");
        assert_eq!((before.roles.len(), after.roles.as_slice()), (0, &["reader".to_owned()][..]));
        assert_eq!(after.client.version, before.client.version + 1);
        let rename = RoleChanges { name: Some("viewer".into()), ..RoleChanges::default() };
        role::update(&cx, "reader", rename).await.expect("renamed");
        let renamed = clients::find_recent(&cx, &id).await.expect("read").expect("known");
        assert_eq!((renamed.roles.as_slice(), renamed.client.version), (&["viewer".to_owned()][..], 3));
        role::delete(&cx, "viewer").await.expect("deleted");
        let stripped = clients::find_recent(&cx, &id).await.expect("read").expect("known");
        assert_eq!((stripped.roles.len(), stripped.client.version), (0, 4));
    }
}
