//! The native half of polymongo: JavaScript decides what is asked, this crate decides how it is delivered.

pub mod bridge;
pub mod engine;
pub mod names;
pub mod pool;
pub mod reply;
pub mod scaling;
pub mod telemetry;
pub mod watch;
