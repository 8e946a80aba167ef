//! The pages as a whole: every template with every variant of its context, hostile text in every
//! field, headers, overrides, and the preview that a browser looks at.

mod escaping;
mod forms;
mod html;
mod preview;
mod rendering;
mod samples;
mod serving;
