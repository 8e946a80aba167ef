//! `[conformance]`: what a run of a conformance suite needs, on a server that was made for it.

use super::reader::Reader;
use super::setting::Setting;

static DANGER_TEST_HOOKS: Setting = Setting::danger(
    "conformance.danger_test_hooks",
    "Answer at /test/ciba in the place of people, serve the test resource /resource, and let any number of requests \
     over the back channel wait. Only on a database that `symbolon conformance` filled, or an empty one; a server \
     without this switch refuses such a database.",
    "whoever reaches this server can allow requests in the name of its people. It is for runs of a conformance suite, \
     with a database of its own, and for nothing else",
);

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&DANGER_TEST_HOOKS];

/// What a run of a conformance suite needs.
#[derive(Clone, Copy, Debug)]
pub struct Conformance {
    /// Answers in the place of people, and a resource.
    pub danger_test_hooks: bool,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Conformance {
    Conformance { danger_test_hooks: reader.boolean(&DANGER_TEST_HOOKS) }
}
