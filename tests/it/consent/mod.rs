//! Asking a person.

mod errors;
mod ok;
