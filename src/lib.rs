//! The native half of polymongo: JavaScript decides what is asked, this crate decides how it is delivered.
//!
//! The only unsafe code is what the macros of `napi` make of [`bridge`].

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
#[forbid(unsafe_code)]
pub mod watch;
