//! The operations that are under way: each is completed exactly once, and can be interrupted until then.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    error::{EngineError, ErrorKind},
    request::{Completer, Outcome},
};
use crate::pool::attempt::Attempt;

/// Why an operation is interrupted from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// JavaScript asked for it.
    Cancelled,
    /// The client is being closed.
    Closed,
}

struct Entry {
    interrupt: oneshot::Sender<Interrupt>,
    /// The pool it runs on, 0 as long as none is chosen.
    pool: u64,
}

/// All operations of one client.
#[derive(Default)]
pub struct Operations {
    entries: Mutex<HashMap<i64, Entry>>,
    started: AtomicU64,
    succeeded: AtomicU64,
    failed: AtomicU64,
    retried: AtomicU64,
    running: AtomicUsize,
}

impl Operations {
    fn entries(&self) -> MutexGuard<'_, HashMap<i64, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers an operation. `timeout` counts from now.
    pub fn begin(
        self: &Arc<Self>,
        id: i64,
        pool: u64,
        timeout: Option<Duration>,
        done: Box<dyn Completer>,
    ) -> Operation {
        let (interrupt, interrupted) = oneshot::channel();
        self.entries().insert(id, Entry { interrupt, pool });
        self.started.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        Operation {
            id,
            registry: Arc::clone(self),
            done: Some(done),
            interrupted: Some(interrupted),
            deadline: timeout.map(|timeout| (Instant::now() + timeout, timeout)),
            attempt: Arc::default(),
        }
    }

    /// Interrupts one operation; an unknown one has completed.
    pub fn cancel(&self, id: i64) {
        let entry = self.entries().remove(&id);
        if let Some(entry) = entry {
            let _completed_meanwhile = entry.interrupt.send(Interrupt::Cancelled);
        }
    }

    /// Interrupts what runs on these pools.
    pub fn interrupt_all(&self, pools: &[u64]) {
        let interrupted: Vec<Entry> = {
            let mut entries = self.entries();
            let runs = |(_, entry): &(&i64, &Entry)| pools.contains(&entry.pool);
            let ids: Vec<i64> = entries.iter().filter(runs).map(|(id, _)| *id).collect();
            ids.iter().filter_map(|id| entries.remove(id)).collect()
        };
        for entry in interrupted {
            let _completed_meanwhile = entry.interrupt.send(Interrupt::Closed);
        }
    }

    /// How many run on these pools.
    pub fn running_on(&self, pools: &[u64]) -> usize {
        self.entries()
            .values()
            .filter(|entry| pools.contains(&entry.pool))
            .count()
    }

    /// Notes a repetition.
    pub fn note_retry(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    /// `[started, succeeded, failed, retried]`.
    pub fn totals(&self) -> [u64; 4] {
        [&self.started, &self.succeeded, &self.failed, &self.retried]
            .map(|total| total.load(Ordering::Relaxed))
    }

    /// How many have not completed.
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }
}

/// One operation under way. Dropping it (a panic, a lost task) drops its completer, which then reports the defect.
pub struct Operation {
    id: i64,
    registry: Arc<Operations>,
    done: Option<Box<dyn Completer>>,
    interrupted: Option<oneshot::Receiver<Interrupt>>,
    deadline: Option<(Instant, Duration)>,
    /// What is known of its attempts.
    pub attempt: Arc<Attempt>,
}

impl Operation {
    /// Says which pool it runs on, once that is known.
    pub fn binder(&self) -> impl Fn(u64) + Send + Sync + 'static {
        let (registry, id) = (Arc::clone(&self.registry), self.id);
        move |pool| {
            if let Some(entry) = registry.entries().get_mut(&id) {
                entry.pool = pool;
            }
        }
    }

    /// Brings the deadline forward.
    pub fn limit(&mut self, timeout: Option<Duration>) {
        if let Some(timeout) = timeout {
            let at = Instant::now() + timeout;
            if self.deadline.is_none_or(|(deadline, _)| at < deadline) {
                self.deadline = Some((at, timeout));
            }
        }
    }

    /// Waits for the deadline or an interruption and says which, as the error to answer with.
    pub async fn interrupted(&mut self) -> EngineError {
        let mut error = match (self.interrupted.as_mut(), self.deadline) {
            (Some(interrupted), Some((at, timeout))) => {
                tokio::select! {
                    biased;
                    interrupt = interrupted => interruption(interrupt.ok()),
                    () = tokio::time::sleep_until(at.into()) => timed_out(timeout),
                }
            }
            (Some(interrupted), None) => interruption(interrupted.await.ok()),
            (None, Some((at, timeout))) => {
                tokio::time::sleep_until(at.into()).await;
                timed_out(timeout)
            }
            (None, None) => std::future::pending().await,
        };
        self.interrupted = None;
        error.sent = self.attempt.sent();
        error.address = self.attempt.address();
        error
    }

    /// Runs `work` until it ends or the operation is interrupted; then `work` is dropped where it stands.
    pub async fn race<T>(
        &mut self,
        work: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let attempt = Arc::clone(&self.attempt);
        let _under_way = attempt.under_way();
        tokio::select! {
            biased;
            outcome = Attempt::scope(attempt, work) => outcome,
            error = self.interrupted() => Err(error),
        }
    }

    /// Delivers the outcome.
    pub fn complete(mut self, outcome: Result<Outcome, EngineError>) {
        self.deliver(outcome);
    }

    /// Delivers the outcome while the work goes on.
    pub fn deliver(&mut self, outcome: Result<Outcome, EngineError>) {
        let Some(done) = self.done.take() else { return };
        self.leave(outcome.is_ok());
        done.complete(outcome);
    }

    /// Whether the outcome was delivered.
    pub fn is_delivered(&self) -> bool {
        self.done.is_none()
    }

    fn leave(&self, succeeded: bool) {
        self.registry.entries().remove(&self.id);
        let total = if succeeded {
            &self.registry.succeeded
        } else {
            &self.registry.failed
        };
        total.fetch_add(1, Ordering::Relaxed);
        self.registry.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if self.done.is_some() {
            self.leave(false);
        }
    }
}

fn interruption(interrupt: Option<Interrupt>) -> EngineError {
    match interrupt {
        Some(Interrupt::Closed) => EngineError::new(
            ErrorKind::Closed,
            "The client was closed before the operation ended",
        ),
        _ => EngineError::new(ErrorKind::Aborted, "The operation was cancelled"),
    }
}

fn timed_out(timeout: Duration) -> EngineError {
    EngineError::new(
        ErrorKind::Timeout,
        format!("The operation did not end within {} ms", timeout.as_millis()),
    )
}
