//! The native half of polymongo: JavaScript decides what is asked, this crate decides how it is delivered.
//!
//! Unsafe code is in [`bridge`], at the border to JavaScript, and one call each in [`allocator`] and [`threads`].

mod allocator;
pub mod bridge;
#[forbid(unsafe_code)]
pub mod engine;
#[forbid(unsafe_code)]
pub mod names;
#[forbid(unsafe_code)]
pub mod pool;
#[forbid(unsafe_code)]
pub mod reply;
#[forbid(unsafe_code)]
pub mod scaling;
#[forbid(unsafe_code)]
pub mod telemetry;
pub mod threads;
#[forbid(unsafe_code)]
pub mod watch;
