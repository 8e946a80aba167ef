//! Pushed authorization requests (RFC 9126).

mod errors;
mod ok;
mod races;
mod waiting;
