//! Open cursors: further batches by handle, closed at any time.

use std::sync::{Arc, Mutex, PoisonError};

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
    request::{Batch, Outcome},
    session::Session,
};
use crate::pool::{attempt::Attempt, lease::Lease};

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
}

/// Access to a cursor, in the order of the calls.
pub type Access = tokio::sync::OwnedMutexGuard<Option<Held>>;

impl OpenCursor {
    /// A cursor that has just been opened.
    pub fn new(cursor: Box<ServerCursor>, lease: Lease, session: Option<(i64, Arc<Session>)>) -> Arc<Self> {
        if let Some((_, session)) = &session {
            session.cursor_opened();
        }
        Arc::new(Self {
            session,
            pool: lease.pool().id,
            inner: Arc::new(tokio::sync::Mutex::new(Some(Held { cursor, lease }))),
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
