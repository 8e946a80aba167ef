//! Browser sessions and consents: what administrators see and end.

mod admin;
