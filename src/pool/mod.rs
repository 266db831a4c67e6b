//! Pools: the driver's clients, who may use them, and which database uses which.

pub mod abandoned;
pub mod attempt;
pub mod config;
pub mod counters;
pub mod gate;
pub mod lease;
#[allow(
    clippy::module_inception,
    reason = "the folder is named after the thing that the file is about"
)]
pub mod pool;
pub mod router;
pub mod settings;
pub mod slot;
pub mod tls_advice;
pub mod topology;
