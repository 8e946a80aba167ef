//! Why a decision fell as it did: stable reason codes, and the record of steps kept per trace id.

mod reason;
mod record;
mod trace_id;

pub use reason::{Audience, Reason};
pub use record::{DecisionRecord, Outcome, Step, Transaction};
pub use trace_id::TraceId;
