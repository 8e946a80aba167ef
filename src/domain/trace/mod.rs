//! Why a decision fell as it did: stable reason codes, and the record of steps kept per trace id; and why a
//! server does not start.

mod reason;
mod record;
mod start_code;
mod trace_id;

pub use reason::{Audience, Reason};
pub use record::{DecisionRecord, Outcome, Step, Transaction};
pub use start_code::StartCode;
pub use trace_id::TraceId;
