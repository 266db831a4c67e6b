//! The engine: carries out commands, sessions, transactions and cursors over pools that it owns.

pub mod error;
pub mod request;

use std::sync::Arc;

use bson::RawDocumentBuf;

use error::{EngineError, ErrorKind};
use request::{Completer, EventSink, Meta, Request};

/// One client of JavaScript: its pools, sessions, cursors and streams. All methods return at once.
pub struct Engine {}

fn pending(done: Box<dyn Completer>) {
    done.complete(Err(EngineError::new(
        ErrorKind::Internal,
        "The engine is being built",
    )));
}

#[allow(unused_variables, clippy::needless_pass_by_value, clippy::unused_self)]
impl Engine {
    /// Checks the connection string and the configuration (JSON); never connects.
    pub fn new(uri: &str, config: &str, events: Arc<dyn EventSink>) -> Result<Arc<Self>, EngineError> {
        Ok(Arc::new(Self {}))
    }

    /// Runs one command.
    pub fn command(self: &Arc<Self>, op: u32, request: Request, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Runs a command that opens a cursor; the first batch is the outcome.
    pub fn open_cursor(self: &Arc<Self>, op: u32, cursor: u32, request: Request, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Fetches the next batch of a cursor.
    pub fn next_batch(
        self: &Arc<Self>,
        op: u32,
        cursor: u32,
        meta: Option<Box<Meta>>,
        done: Box<dyn Completer>,
    ) {
        pending(done);
    }

    /// Closes a cursor (`killCursors`); an unknown one is already closed.
    pub fn close_cursor(self: &Arc<Self>, op: u32, cursor: u32, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Cancels an operation: it completes with an error that says whether anything was sent.
    pub fn cancel(&self, op: u32) {}

    /// Records a session; nothing is sent.
    pub fn start_session(self: &Arc<Self>, session: u32, options: &str) -> Result<(), EngineError> {
        Ok(())
    }

    /// Records a transaction, which the session's next command starts.
    pub fn start_transaction(self: &Arc<Self>, session: u32, options: &str) -> Result<(), EngineError> {
        Ok(())
    }

    /// Commits the session's transaction.
    pub fn commit_transaction(
        self: &Arc<Self>,
        op: u32,
        session: u32,
        meta: Option<Box<Meta>>,
        done: Box<dyn Completer>,
    ) {
        pending(done);
    }

    /// Aborts the session's transaction.
    pub fn abort_transaction(
        self: &Arc<Self>,
        op: u32,
        session: u32,
        meta: Option<Box<Meta>>,
        done: Box<dyn Completer>,
    ) {
        pending(done);
    }

    /// Ends a session; an open transaction is aborted.
    pub fn end_session(self: &Arc<Self>, op: u32, session: u32, done: Box<dyn Completer>) {
        pending(done);
    }

    /// What is known of a session: `{id, clusterTime?, operationTime?, …}`; `None` for an unknown one.
    pub fn session_info(&self, session: u32) -> Option<RawDocumentBuf> {
        None
    }

    /// Advances a session's clocks: `{clusterTime?, operationTime?}`.
    pub fn advance_session(self: &Arc<Self>, session: u32, times: RawDocumentBuf) {}

    /// Opens a change stream; completes when the server's cursor is open.
    #[allow(clippy::too_many_arguments)]
    pub fn open_stream(
        self: &Arc<Self>,
        op: u32,
        stream: u32,
        db: Option<String>,
        collection: Option<String>,
        session: u32,
        options: RawDocumentBuf,
        done: Box<dyn Completer>,
    ) {
        pending(done);
    }

    /// Waits for changes: at least one.
    pub fn next_changes(self: &Arc<Self>, op: u32, stream: u32, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Closes a change stream; an unknown one is already closed.
    pub fn close_stream(self: &Arc<Self>, op: u32, stream: u32, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Opens the pool of a database (`None` = the shared one) and waits for a usable server.
    pub fn connect(self: &Arc<Self>, op: u32, db: Option<String>, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Gives databases (JSON list of names) a dedicated pool (JSON), or none (`None`).
    pub fn configure(self: &Arc<Self>, op: u32, dbs: &str, pool: Option<&str>, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Closes a database's dedicated pool once nothing uses it; it reopens at its next use.
    pub fn close_pool(self: &Arc<Self>, op: u32, db: String, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Closes everything: `{force, timeoutMS, refuse}`.
    pub fn close(self: &Arc<Self>, op: u32, options: &str, done: Box<dyn Completer>) {
        pending(done);
    }

    /// Accepts work again after [`Engine::close`].
    pub fn reopen(&self) {}

    /// Statistics as JSON; synchronous and cheap.
    pub fn stats(&self) -> String {
        String::from("{}")
    }

    /// The environment is going away: everything is cancelled, nothing completes.
    pub fn dispose(&self) {}
}
