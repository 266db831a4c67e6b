//! The engine against a real replica set (`POLYMONGO_TEST_URI`, set by `npm test`), without JavaScript.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod check_outs;
mod closing;
mod cursors;
mod deadlines;
mod errors;
mod pools;
mod retries;
mod sessions;
mod streams;
mod support;
mod transactions;
