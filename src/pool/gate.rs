//! The admission gate of a pool: as many operations as the pool has connections, first come first served.
//!
//! The driver's own queue has neither a limit in time nor an end, and an operation waiting there already holds a session.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::engine::error::{EngineError, ErrorKind};

/// The gate.
#[derive(Debug)]
pub struct Gate {
    permits: Arc<Semaphore>,
    queued: AtomicUsize,
    timeout: Option<Duration>,
}

/// A place inside; dropping it lets the next one in.
#[derive(Debug)]
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

type Waiting = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// A place inside or in the queue, taken the moment [`Gate::enter`] was called.
pub struct Ticket {
    gate: Arc<Gate>,
    state: TicketState,
}

enum TicketState {
    Admitted(OwnedSemaphorePermit),
    Queued(Waiting),
    Closed,
}

impl Gate {
    /// A gate for `size` operations at a time; who waits longer than `timeout` is turned away.
    pub fn new(size: u32, timeout: Option<Duration>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(size as usize)),
            queued: AtomicUsize::new(0),
            timeout,
        }
    }

    /// Takes a place, in the order of the calls.
    pub fn enter(self: &Arc<Self>) -> Ticket {
        let state = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => TicketState::Admitted(permit),
            Err(TryAcquireError::Closed) => TicketState::Closed,
            Err(TryAcquireError::NoPermits) => self.queue(),
        };
        Ticket {
            gate: Arc::clone(self),
            state,
        }
    }

    fn queue(&self) -> TicketState {
        let mut waiting: Waiting = Box::pin(Arc::clone(&self.permits).acquire_owned());
        // The first poll is what takes the place in the queue; spawning would lose the order of the calls.
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(permit)) => TicketState::Admitted(permit),
            Poll::Ready(Err(_closed)) => TicketState::Closed,
            Poll::Pending => {
                self.queued.fetch_add(1, Ordering::Relaxed);
                TicketState::Queued(waiting)
            }
        }
    }

    /// Turns everybody away from now on.
    pub fn close(&self) {
        self.permits.close();
    }

    /// How many wait.
    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}

impl Ticket {
    /// Waits for the turn; nothing has been sent before.
    pub async fn admitted(mut self) -> Result<Permit, EngineError> {
        match std::mem::replace(&mut self.state, TicketState::Closed) {
            TicketState::Admitted(permit) => Ok(Permit { _permit: permit }),
            TicketState::Closed => Err(closed()),
            TicketState::Queued(waiting) => {
                let _leaves = Queued(&self.gate.queued);
                let waited = match self.gate.timeout {
                    None => waiting.await,
                    Some(limit) => {
                        let Ok(waited) = tokio::time::timeout(limit, waiting).await else {
                            return Err(timed_out(limit));
                        };
                        waited
                    }
                };
                waited
                    .map(|permit| Permit { _permit: permit })
                    .map_err(|_closed| closed())
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if matches!(self.state, TicketState::Queued(_)) {
            self.gate.queued.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

struct Queued<'gate>(&'gate AtomicUsize);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn closed() -> EngineError {
    EngineError::new(ErrorKind::Closed, "The connection pool is closed")
}

fn timed_out(limit: Duration) -> EngineError {
    EngineError::new(
        ErrorKind::WaitQueueTimeout,
        format!(
            "No connection became free within waitQueueTimeoutMS ({} ms); nothing was sent. Raise maxPoolSize or \
             waitQueueTimeoutMS, or send less at a time",
            limit.as_millis()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lets_in_first_come_first_served_by_call_order() {
        let gate = Arc::new(Gate::new(1, None));
        let first = gate.enter().admitted().await.unwrap();
        let second = gate.enter();
        let third = gate.enter();
        assert_eq!(gate.queued(), 2);
        // The third is awaited before the second, and still comes after it.
        let third = tokio::spawn(third.admitted());
        tokio::task::yield_now().await;
        drop(first);
        tokio::task::yield_now().await;
        assert!(!third.is_finished());
        drop(second.admitted().await.unwrap());
        third.await.unwrap().unwrap();
        assert_eq!(gate.queued(), 0);
    }

    #[tokio::test]
    async fn turns_away_after_the_timeout_and_keeps_count() {
        let gate = Arc::new(Gate::new(1, Some(Duration::from_millis(10))));
        let held = gate.enter();
        let late = gate.enter().admitted().await.unwrap_err();
        assert_eq!(late.kind, ErrorKind::WaitQueueTimeout);
        assert!(!late.sent);
        assert_eq!(gate.queued(), 0);
        drop(held);
        gate.enter().admitted().await.unwrap();
    }

    #[tokio::test]
    async fn forgets_who_leaves_the_queue() {
        let gate = Arc::new(Gate::new(1, None));
        let held = gate.enter();
        drop(gate.enter());
        assert_eq!(gate.queued(), 0);
        let next = gate.enter();
        drop(held);
        next.admitted().await.unwrap();
    }

    #[tokio::test]
    async fn closes() {
        let gate = Arc::new(Gate::new(1, None));
        let held = gate.enter();
        let waiting = gate.enter();
        gate.close();
        assert_eq!(waiting.admitted().await.unwrap_err().kind, ErrorKind::Closed);
        assert_eq!(gate.enter().admitted().await.unwrap_err().kind, ErrorKind::Closed);
        drop(held);
    }
}
