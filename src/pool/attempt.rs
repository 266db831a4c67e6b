//! What is known of the attempt that the current task makes: whether a connection was checked out for it, and whose.
//!
//! The driver reports a check-out inline, in the task that asked, so a task-local tells the operation apart from its
//! neighbours. This is the only proof that nothing was sent: an error of the kind "pool cleared" is not.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicBool, Ordering},
};

use mongodb::{event::cmap::CmapEvent, options::ServerAddress};
use tokio::task::futures::TaskLocalFuture;

use super::{abandoned::abandon, pool::Pool};

/// Where an operation stands with its connections.
#[derive(Debug, Default)]
struct CheckOut {
    /// It waits in the queue of this pool for this server.
    waiting: Option<(Weak<Pool>, ServerAddress)>,
    /// The server of the connection that it had last.
    last: Option<ServerAddress>,
}

/// The attempts of one operation.
#[derive(Debug, Default)]
pub struct Attempt {
    now: AtomicBool,
    ever: AtomicBool,
    check_out: Mutex<CheckOut>,
}

/// An operation that is under way: ended while it waits for a connection, it leaves nothing behind that would hold up
/// others.
pub struct UnderWay(Arc<Attempt>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.abandon_check_out();
    }
}

tokio::task_local! {
    static CURRENT: Arc<Attempt>;
}

impl Attempt {
    /// Runs `work` with `attempt` as the attempt of the current task.
    pub fn scope<F: Future>(attempt: Arc<Self>, work: F) -> TaskLocalFuture<Arc<Self>, F> {
        CURRENT.scope(attempt, work)
    }

    /// To be held as long as the driver's future lives.
    pub fn under_way(self: &Arc<Self>) -> UnderWay {
        UnderWay(Arc::clone(self))
    }

    /// Begins another attempt of the same operation.
    pub fn again(&self) {
        self.abandon_check_out();
        self.now.store(false, Ordering::Relaxed);
    }

    fn check_out(&self) -> MutexGuard<'_, CheckOut> {
        self.check_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what happens to the check-out of the current task, if it runs an operation of ours. Runs inline in the
    /// driver.
    pub(super) fn note(pool: &Weak<Pool>, event: CmapEvent) {
        let _outside_an_operation = CURRENT.try_with(|attempt| match event {
            CmapEvent::ConnectionCheckoutStarted(started) => {
                attempt.check_out().waiting = Some((Weak::clone(pool), started.address));
            }
            CmapEvent::ConnectionCheckedOut(checked_out) => {
                attempt.note_sent();
                let mut check_out = attempt.check_out();
                check_out.waiting = None;
                check_out.last = Some(checked_out.address);
            }
            CmapEvent::ConnectionCheckoutFailed(_) => attempt.check_out().waiting = None,
            _ => {}
        });
    }

    fn abandon_check_out(&self) {
        let waiting = self.check_out().waiting.take();
        if let Some((pool, address)) = waiting
            && let Some(pool) = pool.upgrade()
        {
            abandon(&pool, address);
        }
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
        self.check_out().last.as_ref().map(ToString::to_string)
    }
}
