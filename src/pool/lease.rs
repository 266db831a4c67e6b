//! A claim on a pool: while it is held, the pool is not closed behind its holder's back.

use std::sync::Arc;

use super::pool::Pool;

/// A running operation, an open cursor, a session in use or a change stream.
pub struct Lease(Arc<Pool>);

impl Lease {
    /// A lease on `pool`. The caller holds the slot's lock, or a lease on the same pool.
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        pool.lease_taken();
        Self(Arc::clone(pool))
    }

    /// The pool.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.0
    }
}

impl Clone for Lease {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.lease_released();
    }
}
