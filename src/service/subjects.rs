//! The per-person keys under which personal data in events is sealed.

use super::{Broken, Cx};
use crate::{
    crypto::seal::DataKey,
    domain::ids::UserId,
    store::{Read, Write, credential},
};

/// Makes the key of a new person.
///
/// # Errors
/// When the database fails.
pub fn create_key(cx: &Cx, tx: &mut Write<'_>, user: &UserId) -> Result<(), Broken> {
    let sealed = DataKey::generate(cx.random()).sealed(&cx.services.sealer, user.as_str(), cx.random());
    Ok(credential::insert_subject_key(tx, user, &sealed, cx.now())?)
}

/// The key of a person; none once destroyed.
///
/// # Errors
/// When the database fails, or the key was sealed under another key-encryption key.
pub fn find_key(cx: &Cx, tx: &mut Read<'_>, user: &UserId) -> Result<Option<DataKey>, Broken> {
    credential::find_subject_key(tx, user)?
        .map(|sealed| {
            DataKey::unseal(&cx.services.sealer, user.as_str(), &sealed)
                .map_err(|error| Broken::Internal(format!("the key of {user} does not open: {error}")))
        })
        .transpose()
}
