//! How much of what strangers send may wait at one network: codes of devices (RFC 8628) and pushed requests
//! (RFC 9126), each by itself.

use super::{ErrorCode, OAuthError};
use crate::{entity::Client, trace::Reason};

/// So many may wait at one network. People who share an address sign in beside each other, and what waits is
/// answered within minutes or given up; a loop that asks without end soon ends here.
pub const MOST_WAITING_AT_NETWORK: usize = 250;
/// Whoever is refused for that may try again after so many seconds: some will have been answered.
pub const ROOM_AT_NETWORK_AFTER: u64 = 60;

/// Whether requests of this client count at the network they come from: anybody may send those of a public
/// client, or register one. The service of a client that somebody vouches for asks for all its devices.
pub fn counts_at_network(client: &Client) -> bool {
    !client.settings.token_endpoint_auth_method.is_confidential() || client.owner.is_self_registered()
}

/// Whether one more may wait at a network where so many do; `reason`: what there are too many of.
///
/// # Errors
/// `temporarily_unavailable`.
pub fn check_waiting_at_network(waiting: usize, reason: Reason) -> Result<(), OAuthError> {
    if waiting < MOST_WAITING_AT_NETWORK {
        Ok(())
    } else {
        Err(OAuthError::new(ErrorCode::TemporarilyUnavailable, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entity::{AuthMethod, ClientKind, Owner},
        oauth::fixtures::{client, codes},
    };

    #[test]
    fn so_many_may_wait_at_a_network_and_not_one_more() {
        for (reason, code) in [(Reason::DeviceTooMany, "AS-1604"), (Reason::PushedRequestTooMany, "AS-1060")] {
            assert_eq!(check_waiting_at_network(0, reason), Ok(()));
            assert_eq!(check_waiting_at_network(249, reason), Ok(()));
            for waiting in [250, 251, usize::MAX] {
                let error = check_waiting_at_network(waiting, reason).expect_err("too many");
                assert_eq!(codes(&error), ("temporarily_unavailable", code));
            }
        }
    }

    #[test]
    fn only_a_client_that_proves_who_it_is_and_was_vouched_for_counts_nowhere() {
        let of = |method, owner| {
            let mut client = client(ClientKind::Native, &[]);
            client.settings.token_endpoint_auth_method = method;
            client.owner = owner;
            counts_at_network(&client)
        };
        for owner in [Owner::Cli, Owner::Ui, Owner::System, Owner::Dcr, Owner::Cimd] {
            assert!(of(AuthMethod::None, owner), "{owner:?}");
            let vouched = !matches!(owner, Owner::Dcr | Owner::Cimd);
            assert_eq!(of(AuthMethod::ClientSecretBasic, owner), !vouched, "{owner:?}");
            assert_eq!(of(AuthMethod::PrivateKeyJwt, owner), !vouched, "{owner:?}");
        }
    }
}
