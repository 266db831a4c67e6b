//! Memory. What JavaScript's thread takes the engine's threads give back, and the other way round: the allocators of most
//! systems lock for that. Debug builds keep the system's, which sanitizers know.

use std::ffi::c_long;

use libmimalloc_sys::{mi_option_set_default, mi_option_t};

#[cfg(not(debug_assertions))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay`, for which the bindings have no name.
const PURGE_DELAY: mi_option_t = 15;

/// For how long what was freed is kept before the system gets it back.
const KEPT_MILLISECONDS: c_long = 100;

/// Keeps what was freed for a while, unless `MIMALLOC_PURGE_DELAY` says for how long. After the 10 ms that are usual, each
/// large command and reply that comes a moment later takes its memory from the system again, page by page.
pub fn keep_freed_memory() {
    // It writes a number to a table.
    unsafe { mi_option_set_default(PURGE_DELAY, KEPT_MILLISECONDS) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libmimalloc_sys::mi_option_get;

    #[test]
    fn the_option_is_the_one_that_is_meant() {
        let delay = || unsafe { mi_option_get(PURGE_DELAY) };
        assert_eq!(delay(), 10, "the default of the purge delay");
        keep_freed_memory();
        assert_eq!(delay(), KEPT_MILLISECONDS);
    }
}
