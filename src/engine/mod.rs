//! The engine: carries out commands, sessions, transactions and cursors over pools that it owns.

pub mod error;
pub mod request;
