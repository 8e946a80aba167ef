//! Browser sessions: several in one browser, and what administrators see and end.

mod admin;
mod several;
