//! What the border hands to the engine, and what it gets back.

use std::pin::Pin;

use bson::{Bson, RawDocumentBuf};

use super::error::EngineError;

/// Whether and how an operation may be sent a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// Sent once.
    #[default]
    Once,
    /// A read: may be repeated.
    Read,
    /// A write that may carry a transaction number of ours: may be repeated with the same number.
    Write,
}

/// Rare per-operation settings; all absent on the hot path. Parsed from the border's `meta` JSON.
#[derive(Debug, Clone, Default)]
pub struct Meta {
    /// `{mode, tags, maxStalenessSeconds, hedge}`, as the driver layer normalised it.
    pub read_preference: Option<serde_json::Value>,
    /// Deadline of the whole operation.
    pub timeout_ms: Option<u64>,
    /// `getMore` wait of tailable cursors and change streams.
    pub max_await_time_ms: Option<u64>,
    /// The reply's cursor is read to its end, and the reply has all of its documents.
    pub gather: bool,
    /// What further batches of a cursor are asked with, where the command that opens it does not say.
    pub further: Option<Further>,
}

/// How a cursor's further batches are asked for.
#[derive(Debug, Clone, Default)]
pub struct Further {
    /// Documents per batch.
    pub batch_size: Option<u32>,
    /// For the server's log.
    pub comment: Option<Bson>,
    /// How long the server may take, or wait for more.
    pub max_time_ms: Option<u64>,
}

/// One command, ready to be sent to a database.
#[derive(Debug)]
pub struct Request {
    /// The database it is for; the router finds the pool.
    pub db: String,
    /// The session's handle, 0 = none.
    pub session: i64,
    /// See [`Purpose`].
    pub purpose: Purpose,
    /// The command as BSON, without `$db`, `lsid`, `txnNumber`.
    pub body: RawDocumentBuf,
    /// Rare settings.
    pub meta: Option<Box<Meta>>,
}

/// One batch of a cursor: the server's reply, whole.
#[derive(Debug)]
pub struct Batch {
    /// The reply (`cursor.firstBatch` or `cursor.nextBatch` holds the documents).
    pub reply: RawDocumentBuf,
    /// The server's name of the cursor, 0 when it has no more.
    pub id: i64,
    /// No further batch exists; the cursor is already forgotten.
    pub exhausted: bool,
}

/// Changes of a change stream.
#[derive(Debug)]
pub struct Changes {
    /// The event documents; none with the token that a stream opens with.
    pub events: Vec<RawDocumentBuf>,
    /// The token to resume after the last of them.
    pub resume_token: Option<RawDocumentBuf>,
}

/// What an operation yields.
#[derive(Debug)]
pub enum Outcome {
    /// A server reply, or a report of ours in the same form.
    Reply(RawDocumentBuf),
    /// A batch of a cursor.
    Batch(Batch),
    /// Events of a change stream.
    Changes(Changes),
    /// Done, nothing to say.
    Done,
}

/// Receives the outcome of one operation, exactly once; its implementation posts an [`super::error::ErrorKind::Internal`]
/// error when it is dropped without an outcome, so that no promise hangs.
pub trait Completer: Send + 'static {
    /// Delivers the outcome. Called on a runtime thread; heavy work (unpacking) happens inside.
    fn complete(self: Box<Self>, outcome: Result<Outcome, EngineError>);
}

/// What an event holds that is not ours, apart from the rest: only the user's own library may decode it.
#[derive(Debug, Default)]
pub enum Payload {
    /// Nothing.
    #[default]
    None,
    /// A command or a reply.
    Document(RawDocumentBuf),
    /// An error.
    Failure(Box<EngineError>),
}

/// Receives events (topology, pools, logs, monitored commands) as BSON documents. Must not block.
pub trait EventSink: Send + Sync + 'static {
    /// Delivers one event.
    fn event(&self, event: RawDocumentBuf, payload: Payload);

    /// While JavaScript is too far behind with fetching replies: what to wait for before more is asked of a server.
    fn room(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> {
        None
    }
}
