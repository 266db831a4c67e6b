//! What is known of the attempt that the current task makes: whether a connection was checked out for it, and whose.
//!
//! The driver reports a check-out inline, in the task that asked, so a task-local tells the operation apart from its
//! neighbours. This is the only proof that nothing was sent: an error of the kind "pool cleared" is not.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use mongodb::options::ServerAddress;
use tokio::task::futures::TaskLocalFuture;

/// The attempts of one operation.
#[derive(Debug, Default)]
pub struct Attempt {
    now: AtomicBool,
    ever: AtomicBool,
    address: Mutex<Option<ServerAddress>>,
}

tokio::task_local! {
    static CURRENT: Arc<Attempt>;
}

impl Attempt {
    /// Runs `work` with `attempt` as the attempt of the current task.
    pub fn scope<F: Future>(attempt: Arc<Self>, work: F) -> TaskLocalFuture<Arc<Self>, F> {
        CURRENT.scope(attempt, work)
    }

    /// Begins another attempt of the same operation.
    pub fn again(&self) {
        self.now.store(false, Ordering::Relaxed);
    }

    /// Notes a check-out by the current task, if it runs an operation of ours.
    pub(super) fn checked_out(address: ServerAddress) {
        let _outside_an_operation = CURRENT.try_with(|attempt| {
            attempt.note_sent();
            *attempt.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
        });
    }

    /// Notes that something is about to be sent on a connection that no check-out is reported for (a pinned one).
    pub fn note_sent(&self) {
        self.now.store(true, Ordering::Relaxed);
        self.ever.store(true, Ordering::Relaxed);
    }

    /// Whether the latest attempt may have sent something.
    pub fn sent_now(&self) -> bool {
        self.now.load(Ordering::Relaxed)
    }

    /// Whether any attempt may have sent something.
    pub fn sent(&self) -> bool {
        self.ever.load(Ordering::Relaxed)
    }

    /// `host:port` of the server that was talked to last.
    pub fn address(&self) -> Option<String> {
        let address = self.address.lock().unwrap_or_else(PoisonError::into_inner);
        address.as_ref().map(ToString::to_string)
    }
}
