//! What the engine tells of itself: events and statistics.

pub mod commands;
pub mod connections;
pub mod databases;
pub mod events;
pub mod servers;
pub mod stats;
