//! What the engine tells of itself: events and statistics.

pub mod commands;
pub mod databases;
pub mod events;
pub mod stats;
