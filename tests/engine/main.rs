//! The engine against a real replica set (`POLYMONGO_TEST_URI`, set by `npm test`), without JavaScript.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod back_pressure;
mod check_outs;
mod closing;
mod cursors;
mod deadlines;
mod errors;
mod hygiene;
mod panics;
mod pools;
mod retries;
mod retry_table;
mod sessions;
mod streams;
mod support;
mod transactions;
