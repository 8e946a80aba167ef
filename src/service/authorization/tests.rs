//! Tests of `authorization`.

mod dialogue;
mod request;
