//! What every route keeps to: permissions, methods, headers, origins, and hostile input.

mod cross_site;
mod errors;
mod headers;
mod inputs;
mod ok;
mod origins;
mod routes;
