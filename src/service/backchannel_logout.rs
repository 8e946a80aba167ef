//! Back-channel logout (OIDC Back-Channel Logout 1.0): each client that met a session hears that it
//! ended. Written down with the end; signed when it is sent.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    Broken, Cx,
    outbox::{self, Letter, Unsendable},
    subjects,
};
use crate::{
    crypto::sign_compact,
    domain::{
        entity::{Client, Delivery, DeliveryKind, Session},
        ids::{SessionId, UserId},
        oidc::logout_token::{LOGOUT_TOKEN_TYPE, LogoutTokenFacts},
    },
    store::{Write, client, session_client},
};

/// Writes down one delivery for each client that met the session and wants to hear.
///
/// # Errors
/// When the database fails.
pub(super) fn announce(cx: &Cx, tx: &mut Write<'_>, session: &Session) -> Result<(), Broken> {
    for id in session_client::of_session(tx, &session.id)? {
        let wants = client::find(tx, &id)?.is_some_and(|client| address(&client).is_some());
        if wants {
            let payload = json!({ "sub": session.user_id, "sid": session.id });
            outbox::write(cx, tx, DeliveryKind::BackchannelLogout, Some(&id), &payload)?;
        }
    }
    Ok(())
}

/// Where a client hears of it. A disabled client is not spoken to. One in quarantine is: that it forgets the person is
/// what everybody wants, and it hears no more than its ID token told.
fn address(client: &Client) -> Option<&str> {
    client.settings.backchannel_logout_uri.as_deref().filter(|_| client.enabled)
}

/// The form with the logout token, signed like the client's ID tokens (§2.4, §2.5).
pub(super) fn compose(cx: &Cx, delivery: &Delivery, client: Option<&Client>) -> Result<Letter, Unsendable> {
    let client = client.ok_or(Unsendable::Pointless("the client is gone"))?;
    let address = address(client).ok_or(Unsendable::Pointless("the client has no backchannel_logout_uri any more"))?;
    let payload: Value =
        serde_json::from_str(&delivery.payload).map_err(|_| Unsendable::Pointless("the payload is damaged"))?;
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let (Some(subject), Some(sid)) = (text("sub"), text("sid")) else {
        return Err(Unsendable::Pointless("the payload is damaged"));
    };
    let claims = LogoutTokenFacts {
        issuer: cx.services.issuer.as_str(),
        client_id: &client.client_id,
        subject: &UserId::new(subjects::told(cx, client, &UserId::new(subject))),
        sid: &SessionId::new(sid),
        jti: &cx.fresh_id(),
        issued_at: cx.now(),
    }
    .claims();
    let algorithm = client.settings.id_token_signed_response_alg;
    let keyring = cx.services.keyring.load();
    let signer = keyring.signer(algorithm).ok_or_else(|| Unsendable::Later(format!("no key signs {algorithm}")))?;
    let token =
        sign_compact(signer, LOGOUT_TOKEN_TYPE, &claims).map_err(|error| Unsendable::Later(error.to_string()))?;
    Ok(Letter {
        address: address.to_owned(),
        content_type: "application/x-www-form-urlencoded",
        bearer: None,
        body: form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish(),
    })
}
