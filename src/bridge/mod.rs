//! The border with JavaScript, and the only code that knows napi.
//!
//! JavaScript submits synchronously and names each operation by a number; what finishes is collected in the environment's
//! outbox, which JavaScript empties in one go. Nothing here waits, and nothing of JavaScript is kept in a future.

pub mod arguments;
pub mod brief;
mod client;
mod completion;
mod environment;
mod failure;
mod gathered;
pub mod names;
mod outbox;
pub mod unpack;

/// The version of the package this binary belongs to; the loader refuses another one.
#[napi_derive::napi(catch_unwind)]
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
