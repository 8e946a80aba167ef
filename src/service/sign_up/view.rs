//! What the sign-up page shows.

use super::{check_open, policy};
use crate::{
    domain::{authn::username::check_email, ids::InteractionId},
    service::{
        Cx,
        authorization::{App, Browser, DialogueFailure, Form, find_pending},
        login::usable_hint,
    },
};

/// The sign-up page.
#[derive(Clone)]
pub struct SignUpView {
    /// The dialogue, in the page's address.
    pub interaction: InteractionId,
    /// Who asks.
    pub app: App,
    /// What the username field holds at first.
    pub username: Option<String>,
    /// What the field of the address holds at first.
    pub email: Option<String>,
    /// The hidden value of the form.
    pub form_token: String,
    /// The languages that the app prefers.
    pub ui_locales: Option<String>,
}

/// What the sign-up page of a dialogue shows. It is shown whatever the dialogue needs: somebody may want
/// another account.
///
/// # Errors
/// `SignUpClosed`; as [`resume`](crate::service::authorization::resume).
pub async fn view(cx: &Cx, id: &InteractionId, browser: &Browser) -> Result<SignUpView, DialogueFailure> {
    let (context, id, browser) = (cx.clone(), id.clone(), browser.clone());
    cx.services
        .store
        .read(move |tx| {
            let cx = &context;
            let pending = find_pending(cx, tx, &id, &browser)?;
            pending.note(cx);
            check_open(cx, &policy::read(tx)?, &pending)?;
            let hint = usable_hint(&pending.request);
            let (email, username) = match hint {
                Some(hint) if check_email(&hint).is_ok() => (Some(hint), None),
                other => (None, other),
            };
            Ok(SignUpView {
                app: App::from(&pending.client),
                username,
                email,
                form_token: browser.form_token(Form::SignUp, &[id.as_str()]),
                ui_locales: pending.request.ui_locales.clone(),
                interaction: id,
            })
        })
        .await
}
