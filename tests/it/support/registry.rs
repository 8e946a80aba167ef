//! APIs and types of authorization details, registered as an administrator would.

use serde_json::Value;
use symbolon::{
    domain::entity::{Api, ApiScope, ApiSettings, Owner},
    service::admin::{api, details_type},
};

use super::TestApp;

impl TestApp {
    /// Registers an API with these scopes.
    pub async fn api(&self, resource: &str, scopes: &[&str]) -> Api {
        self.api_with(resource, scopes, |_| {}).await
    }

    /// The same with other settings.
    pub async fn api_with(&self, resource: &str, scopes: &[&str], change: impl FnOnce(&mut ApiSettings)) -> Api {
        let scope = |name: &&str| ApiScope { name: (*name).to_owned(), sentence: format!("Do {name} for you") };
        let mut settings = ApiSettings { scopes: scopes.iter().map(scope).collect(), ..ApiSettings::default() };
        change(&mut settings);
        let new = api::NewApi {
            resource: resource.to_owned(),
            name: format!("The API {resource}"),
            description: String::new(),
            settings,
            owner: Owner::Cli,
        };
        api::create(&self.cx(), new).await.expect("an API is registered")
    }

    /// Takes an API out of the registry.
    pub async fn delete_api(&self, resource: &str) {
        api::delete(&self.cx(), resource).await.expect("the API existed");
    }

    /// Registers a type of authorization details.
    pub async fn details_type(&self, name: &str, schema: Value) {
        let new = details_type::NewDetailsType {
            name: name.to_owned(),
            title: format!("The type {name}"),
            description: "What it is about".to_owned(),
            schema,
            owner: Owner::Cli,
        };
        details_type::create(&self.cx(), new).await.expect("a type is registered");
    }
}
