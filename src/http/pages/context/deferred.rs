//! The pages about requests that are answered elsewhere: typing a code (RFC 8628 §3.3), choosing one of
//! those that wait (CIBA), allowing, and the end.

use serde::Serialize;

use super::{Account, AskedFor, ClientCard, FieldError};
use crate::http::pages::{Page, PageKind};

/// `/device`: posts `csrf`, `user_code` and `action` (`continue`).
#[derive(Debug, Clone, Serialize)]
pub struct Device {
    /// Where the form goes.
    pub action_url: String,
    /// Token of the browser.
    pub csrf: String,
    /// What was typed before, or came with the address.
    pub user_code: String,
    /// What is wrong with it.
    pub error: Option<FieldError>,
    /// HTTP status: 200, also after a wrong code; 429 throttled.
    #[serde(skip)]
    pub status: u16,
}

impl Page for Device {
    const TEMPLATE: &'static str = "device.html";
    const KIND: PageKind = PageKind::SameOrigin;

    fn status(&self) -> u16 {
        self.status
    }
}

/// `/approve/{interaction}`: posts `csrf`, `started_here` (`yes`) and `action` (`allow`, `deny` or
/// `switch`).
#[derive(Debug, Clone, Serialize)]
pub struct Approve {
    /// Where the form goes.
    pub action_url: String,
    /// Token of the interaction.
    pub csrf: String,
    /// The application that asks.
    pub client: ClientCard,
    /// Who would allow it.
    pub account: Account,
    /// The code on the device, to compare.
    pub user_code: Option<String>,
    /// What the app shows, to compare.
    pub binding_message: Option<String>,
    /// How long ago it came.
    pub minutes: i64,
    /// When that was.
    pub time: String,
    /// The address of the device.
    pub address: Option<String>,
    /// That is of another network than this browser's.
    pub elsewhere: bool,
    /// Whether it came from a device that the person holds, and not over the back channel.
    pub from_device: bool,
    /// What it asks for.
    pub asked: AskedFor,
    /// The application registered itself.
    pub unverified: bool,
    /// The host that published the application's description, if it is known by that.
    pub published_by: Option<String>,
    /// What is missing.
    pub error: Option<FieldError>,
}

impl Page for Approve {
    const TEMPLATE: &'static str = "approve.html";
    const KIND: PageKind = PageKind::SameOrigin;
}

/// One of the requests that wait.
#[derive(Debug, Clone, Serialize)]
pub struct WaitingRequest {
    /// What the button names.
    pub id: String,
    /// The application that asks.
    pub client: ClientCard,
    /// Who is asked.
    pub account: Account,
    /// What the app shows, to compare.
    pub binding_message: Option<String>,
    /// How long ago it came.
    pub minutes: i64,
}

/// `/requests`: posts `csrf` and `request`.
#[derive(Debug, Clone, Serialize)]
pub struct Requests {
    /// Where the form goes.
    pub action_url: String,
    /// Token of the browser.
    pub csrf: String,
    /// Whether anybody is signed in here.
    pub signed_in: bool,
    /// Where somebody, or somebody else, signs in.
    pub sign_in_url: String,
    /// What waits.
    pub waiting: Vec<WaitingRequest>,
}

impl Page for Requests {
    const TEMPLATE: &'static str = "requests.html";
    const KIND: PageKind = PageKind::SameOrigin;
}

/// `/answered/{answer}`.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// Whether the device gets what it asked for.
    pub allowed: bool,
}

impl Page for Answered {
    const TEMPLATE: &'static str = "answered.html";
    const KIND: PageKind = PageKind::SameOrigin;
}
