//! The rules of database names, for JavaScript.

use napi::bindgen_prelude::Utf16String;
use napi_derive::napi;

use crate::names::{Broken, Rules, check};

/// The first rule that a database name breaks; null when it breaks none.
#[napi(catch_unwind)]
#[must_use]
#[allow(
    clippy::needless_pass_by_value,
    reason = "this is how napi hands a string over"
)]
pub fn broken_name_rule(name: Utf16String, portable: bool, allow_system: bool) -> Option<&'static str> {
    check(
        &name,
        Rules {
            portable,
            allow_system,
        },
    )
    .err()
    .map(Broken::name)
}
