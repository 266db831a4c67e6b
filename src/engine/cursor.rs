//! Open cursors: further batches by handle, closed at any time.

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use bson::RawDocumentBuf;
use futures_util::StreamExt;
use mongodb::{
    ClientSession,
    raw_batch_cursor::{RawBatch, RawBatchCursor, SessionRawBatchCursor},
};
use tokio::sync::watch;

use super::{
    body, convert,
    error::{EngineError, ErrorKind},
    execute,
    operations::Operation,
    request::{Batch, Outcome},
    session::Session,
};
use crate::pool::{attempt::Attempt, gate::Permit, lease::Lease};

/// The driver's cursor; dropping it closes the server's.
pub enum ServerCursor {
    /// In a session of the driver's own.
    Implicit(RawBatchCursor),
    /// In a user's session.
    InSession(SessionRawBatchCursor),
}

impl ServerCursor {
    /// Fetches the next batch; `session` is the one it was opened in.
    pub async fn next(
        &mut self,
        session: Option<&mut ClientSession>,
        attempt: &Attempt,
    ) -> Result<Outcome, EngineError> {
        let batch = match (self, session) {
            (Self::Implicit(cursor), _) => cursor.next().await,
            (Self::InSession(cursor), Some(session)) => cursor.stream(session).next().await,
            (Self::InSession(_), None) => return Err(unknown()),
        };
        match batch {
            Some(Ok(batch)) => Ok(outcome(copy(&batch))),
            Some(Err(error)) => Err(convert::operation_error(&error, attempt)),
            None => Err(unknown()),
        }
    }
}

/// The driver does not give its bytes away.
fn copy(batch: &RawBatch) -> RawDocumentBuf {
    batch.as_raw_document().to_owned()
}

/// A batch as an outcome.
pub fn outcome(reply: RawDocumentBuf) -> Outcome {
    let id = body::cursor_id(&reply);
    let exhausted = id == 0;
    Outcome::Batch(Batch { reply, id, exhausted })
}

/// A cursor that may have more.
pub struct OpenCursor {
    /// The session it belongs to, if that is a user's.
    pub session: Option<(i64, Arc<Session>)>,
    /// The pool it lives on.
    pub pool: u64,
    inner: Arc<tokio::sync::Mutex<Option<Held>>>,
    closed: watch::Sender<bool>,
}

/// What a cursor holds; dropped in this order, the pool must outlive it.
pub struct Held {
    /// The driver's cursor.
    pub cursor: Box<ServerCursor>,
    /// Its claim on the pool.
    pub lease: Lease,
    /// Its place in the pool, behind a load balancer: it keeps its connection.
    pub permit: Option<Permit>,
}

impl Held {
    /// Whether it keeps its connection, as cursors do behind a load balancer.
    pub fn keeps_connection(&self) -> bool {
        self.permit.is_some()
    }
}

/// Access to a cursor, in the order of the calls.
pub type Access = tokio::sync::OwnedMutexGuard<Option<Held>>;

impl OpenCursor {
    /// A cursor that has just been opened.
    pub fn new(held: Held, session: Option<(i64, Arc<Session>)>) -> Arc<Self> {
        if let Some((_, session)) = &session {
            session.cursor_opened();
        }
        Arc::new(Self {
            session,
            pool: held.lease.pool().id,
            inner: Arc::new(tokio::sync::Mutex::new(Some(held))),
            closed: watch::Sender::new(false),
        })
    }

    /// Waits for the batch before to be through.
    pub async fn access(&self) -> Access {
        Arc::clone(&self.inner).lock_owned().await
    }

    /// Closes it; a batch that is under way ends with an error.
    pub fn close(&self) {
        self.closed.send_replace(true);
        let held = Arc::clone(&self.inner)
            .try_lock_owned()
            .ok()
            .and_then(|mut held| held.take());
        drop(held);
    }

    /// Fetches the next batch, unless the cursor is closed before or the operation is interrupted; `held` is its own, and
    /// `kept` as for [`Self::race`].
    pub async fn fetch(
        &self,
        operation: &mut Operation,
        held: &mut Held,
        session: Option<&mut ClientSession>,
        kept: bool,
    ) -> Result<Outcome, EngineError> {
        let limit = held.lease.pool().settings.socket_timeout;
        let attempt = Arc::clone(&operation.attempt);
        if kept {
            // No check-out is reported for it.
            attempt.note_sent();
            operation.limit(limit);
        }
        let dropped_after = limit.filter(|_| !kept);
        let fetch = async {
            execute::limited(dropped_after, held.cursor.next(session, &attempt))
                .await
                .unwrap_or_else(|| Err(execute::socket_timed_out(limit.unwrap_or_default(), &attempt)))
        };
        self.race(operation, kept, fetch).await
    }

    /// Runs `work` until it ends, the cursor is closed or the operation is interrupted. Then `work` is dropped, but not on
    /// a connection that the cursor or its session keeps (`kept`): there it goes to its end after the operation was
    /// answered, because the driver uses the connection again and would take this reply for that of the next command.
    pub async fn race<T>(
        &self,
        operation: &mut Operation,
        kept: bool,
        work: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let attempt = Arc::clone(&operation.attempt);
        let _under_way = attempt.under_way();
        let mut work = pin!(Attempt::scope(attempt, work));
        let error = tokio::select! {
            biased;
            outcome = &mut work => return outcome,
            error = self.closed() => error,
            error = operation.interrupted() => error,
        };
        if kept {
            operation.deliver(Err(error.clone()));
            let _nobody_waits_for_it = work.await;
        }
        Err(error)
    }

    /// Waits until it is closed.
    pub async fn closed(&self) -> EngineError {
        let mut closed = self.closed.subscribe();
        let _sender_lives_in_self = closed.wait_for(|closed| *closed).await.map(drop);
        unknown()
    }
}

impl Drop for OpenCursor {
    fn drop(&mut self) {
        if let Some((_, session)) = &self.session {
            session.cursor_closed();
        }
    }
}

/// The error of who asks for a cursor that is not there.
pub fn unknown() -> EngineError {
    EngineError::new(ErrorKind::UnknownCursor, "The cursor is closed")
}

/// The open cursors of one client.
#[derive(Default)]
pub struct Cursors(Mutex<std::collections::HashMap<i64, Arc<OpenCursor>>>);

impl Cursors {
    fn all(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<i64, Arc<OpenCursor>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers one.
    pub fn insert(&self, handle: i64, cursor: Arc<OpenCursor>) {
        self.all().insert(handle, cursor);
    }

    /// Finds one.
    pub fn get(&self, handle: i64) -> Option<Arc<OpenCursor>> {
        self.all().get(&handle).cloned()
    }

    /// Forgets one.
    pub fn remove(&self, handle: i64) -> Option<Arc<OpenCursor>> {
        self.all().remove(&handle)
    }

    /// Forgets those that `wanted` picks.
    pub fn remove_where(&self, wanted: impl Fn(&OpenCursor) -> bool) -> Vec<Arc<OpenCursor>> {
        let mut all = self.all();
        let handles: Vec<i64> = all
            .iter()
            .filter(|(_, cursor)| wanted(cursor))
            .map(|(handle, _)| *handle)
            .collect();
        handles.iter().filter_map(|handle| all.remove(handle)).collect()
    }

    /// How many are open, of those that `wanted` picks.
    pub fn count(&self, wanted: impl Fn(&OpenCursor) -> bool) -> usize {
        self.all().values().filter(|cursor| wanted(cursor)).count()
    }
}
