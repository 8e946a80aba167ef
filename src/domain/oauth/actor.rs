//! Who acts for whom: the `act` claim, the present actor outermost and the earlier ones inside
//! (RFC 8693 §4.1).

use serde_json::{Map, Value};

/// So many actors, one for another, and no more.
const MAX_CHAIN: usize = 5;

/// Whoever acts for the subject of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The `sub` of the actor: a person or a client.
    pub subject: String,
    /// For whom it acts in turn, on the way from the subject.
    pub earlier: Option<Box<Self>>,
}

impl Actor {
    /// The chain with one more actor; `None` if it would be too long.
    pub fn after(subject: &str, earlier: Option<&Self>) -> Option<Self> {
        let actor = Self { subject: subject.to_owned(), earlier: earlier.cloned().map(Box::new) };
        (actor.length() <= MAX_CHAIN).then_some(actor)
    }

    fn length(&self) -> usize {
        std::iter::successors(Some(self), |actor| actor.earlier.as_deref()).take(MAX_CHAIN + 2).count()
    }

    /// The claim.
    pub fn claim(&self) -> Value {
        let mut members = Map::new();
        members.insert("sub".to_owned(), Value::from(self.subject.as_str()));
        if let Some(earlier) = &self.earlier {
            members.insert("act".to_owned(), earlier.claim());
        }
        Value::Object(members)
    }

    /// The claim, read back; `None` if it is none of ours.
    pub fn read(claim: &Value) -> Option<Self> {
        Self::read_within(claim, MAX_CHAIN)
    }

    fn read_within(claim: &Value, left: usize) -> Option<Self> {
        let left = left.checked_sub(1)?;
        let subject = claim.get("sub")?.as_str()?.to_owned();
        let earlier = match claim.get("act") {
            Some(claim) => Some(Box::new(Self::read_within(claim, left)?)),
            None => None,
        };
        Some(Self { subject, earlier })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_present_actor_stands_outermost() {
        let first = Actor::after("a", None).unwrap();
        let second = Actor::after("b", Some(&first)).unwrap();
        assert_eq!(second.claim(), json!({ "sub": "b", "act": { "sub": "a" } }));
        assert_eq!(Actor::read(&second.claim()), Some(second));
    }

    #[test]
    fn a_chain_is_bounded_when_it_grows_and_when_it_is_read() {
        let mut chain = Actor::after("0", None);
        for number in 1..MAX_CHAIN {
            chain = Actor::after(&number.to_string(), chain.as_ref());
            assert_eq!(Actor::read(&chain.as_ref().unwrap().claim()), chain);
        }
        assert_eq!(Actor::after("x", chain.as_ref()), None);
        let longer = json!({ "sub": "x", "act": chain.unwrap().claim() });
        assert_eq!(Actor::read(&longer), None);
    }

    #[test]
    fn what_is_no_actor_is_not_read_as_one() {
        for claim in [json!("a"), json!({}), json!({ "sub": 1 }), json!({ "sub": "a", "act": "b" }), json!(null)] {
            assert_eq!(Actor::read(&claim), None, "{claim}");
        }
    }
}
