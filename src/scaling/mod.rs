//! Dedicated pools: given, changed, taken away, closed when nobody uses them.

pub mod dedicated;
pub mod drain;
pub mod ttl;
