//! The engine: carries out commands, sessions, transactions and cursors over pools that it owns.

#![allow(
    clippy::needless_pass_by_value,
    reason = "the border hands its arguments over"
)]

pub mod body;
mod close;
mod connect;
pub mod convert;
pub mod cursor;
pub mod depth;
pub mod error;
pub mod execute;
mod gathered;
mod in_session;
pub mod operations;
pub mod read_preference;
pub mod request;
pub mod retry;
mod runtime;
pub(crate) mod session;
pub mod transaction_options;
pub mod write_sessions;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bson::RawDocumentBuf;
use tokio::runtime::Handle;

use self::{
    close::Lifecycle,
    cursor::{Access, Cursors, Held, OpenCursor},
    error::{EngineError, ErrorKind},
    execute::{As, Work},
    operations::{Operation, Operations},
    request::{Completer, EventSink, Meta, Outcome, Request},
    session::{Session, Transaction, Turn, unknown_session},
    transaction_options::SessionOptions,
};
use crate::{
    pool::{config::Config, gate::Permit, pool::Pool, router::Router, settings::Settings},
    scaling::dedicated,
    telemetry::{databases::Databases, events::Events, stats},
    watch::registry::Streams,
};

/// One client of JavaScript: its pools, sessions, cursors and streams. All methods return at once.
pub struct Engine {
    pub(crate) router: Router,
    pub(crate) operations: Arc<Operations>,
    pub(crate) cursors: Cursors,
    pub(crate) streams: Streams,
    pub(crate) databases: Databases,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) events: Events,
    pub(crate) runtime: Handle,
    sessions: Mutex<HashMap<i64, Arc<Session>>>,
}

impl Engine {
    /// Checks the connection string and the configuration (JSON); never connects.
    pub fn new(uri: &str, config: &str, events: Arc<dyn EventSink>) -> Result<Arc<Self>, EngineError> {
        let settings = Settings::shared(uri, &Config::parse(config)?)?;
        let runtime = runtime::handle()?;
        let events = Events::new(events, &runtime);
        Ok(Arc::new(Self {
            router: Router::new(settings, events.clone(), runtime.clone()),
            operations: Arc::default(),
            cursors: Cursors::default(),
            streams: Streams::default(),
            databases: Databases::default(),
            lifecycle: Lifecycle::default(),
            events,
            runtime,
            sessions: Mutex::default(),
        }))
    }

    pub(crate) fn sessions(&self) -> MutexGuard<'_, HashMap<i64, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self, handle: i64) -> Result<Arc<Session>, EngineError> {
        self.sessions().get(&handle).cloned().ok_or_else(unknown_session)
    }

    /// Answers with an error, from the runtime like every answer.
    pub(crate) fn refuse(&self, done: Box<dyn Completer>, error: EngineError) {
        self.runtime.spawn(async move { done.complete(Err(error)) });
    }

    /// Whether new work is accepted.
    pub(crate) fn accept(&self) -> Result<(), EngineError> {
        if self.lifecycle.refuses() {
            return Err(EngineError::new(
                ErrorKind::Closed,
                "The client is closed; connect() opens it again",
            ));
        }
        Ok(())
    }

    /// The deadline of an operation: its own, else the client's; 0 is none.
    pub(crate) fn timeout(meta: Option<&Meta>, of_client: Option<Duration>) -> Option<Duration> {
        match meta.and_then(|meta| meta.timeout_ms) {
            Some(0) => None,
            Some(own) => Some(Duration::from_millis(own)),
            None => of_client,
        }
    }

    /// Runs one command.
    pub fn command(self: &Arc<Self>, op: i64, request: Request, done: Box<dyn Completer>) {
        self.submit(op, request, None, done);
    }

    /// Runs a command that opens a cursor; the first batch is the outcome.
    pub fn open_cursor(self: &Arc<Self>, op: i64, cursor: i64, request: Request, done: Box<dyn Completer>) {
        self.submit(op, request, Some(cursor), done);
    }

    fn submit(self: &Arc<Self>, op: i64, request: Request, cursor: Option<i64>, done: Box<dyn Completer>) {
        let session = match request.session {
            0 => None,
            handle => match self.session(handle) {
                Ok(session) => Some(session),
                Err(error) => return self.refuse(done, error),
            },
        };
        // A transaction that is open when the client is closed may go on.
        let goes_on = session.as_ref().is_some_and(|session| session.in_transaction());
        if let Err(error) = self.accept()
            && !goes_on
        {
            return self.refuse(done, error);
        }
        match session {
            None => self.submit_alone(op, request, cursor, done),
            Some(session) => {
                let timeout = Self::timeout(request.meta.as_deref(), self.router.shared().timeout());
                let place = session.enter();
                let operation = self.operations.begin(op, session.pool(), timeout, done);
                let engine = Arc::clone(self);
                self.runtime
                    .spawn(engine.command_in_session(session, place, operation, request, cursor));
            }
        }
    }

    fn submit_alone(
        self: &Arc<Self>,
        op: i64,
        request: Request,
        cursor: Option<i64>,
        done: Box<dyn Completer>,
    ) {
        let lease = self.router.lease(&request.db);
        let pool = Arc::clone(lease.pool());
        let ticket = pool.gate.enter();
        let timeout = Self::timeout(request.meta.as_deref(), pool.settings.timeout);
        let mut operation = self.operations.begin(op, pool.id, timeout, done);
        let running = self.databases.start(&request.db);
        let engine = Arc::clone(self);
        self.runtime.spawn(async move {
            let (operations, attempt) = (Arc::clone(&engine.operations), Arc::clone(&operation.attempt));
            let events = engine.events.clone();
            let outcome = operation
                .race(async move {
                    let permit = ticket.admitted().await?;
                    events.room().await;
                    let sent = Work::new(request, cursor.is_some(), pool, operations, attempt)?
                        .execute(As::Nobody)
                        .await?;
                    Ok((sent, permit))
                })
                .await
                .map(|(sent, permit)| engine.deliverable(sent, lease, Some(permit), cursor, None));
            drop(running);
            operation.complete(outcome);
        });
    }

    /// Waits for a place in the pool, unless one is kept, and for JavaScript to have fetched enough of what is there already.
    async fn admitted(&self, pool: &Arc<Pool>, kept: bool) -> Result<Option<Permit>, EngineError> {
        let permit = pool.place(kept).await?;
        self.events.room().await;
        Ok(permit)
    }

    /// Fetches the next batch of a cursor.
    pub fn next_batch(
        self: &Arc<Self>,
        op: i64,
        cursor: i64,
        meta: Option<Box<Meta>>,
        done: Box<dyn Completer>,
    ) {
        let Some(open) = self.cursors.get(cursor) else {
            return self.refuse(done, cursor::unknown());
        };
        let timeout = Self::timeout(meta.as_deref(), self.router.shared().timeout());
        let operation = self.operations.begin(op, open.pool, timeout, done);
        let engine = Arc::clone(self);
        match &open.session {
            Some((_, session)) => {
                let (session, place) = (Arc::clone(session), session.enter());
                self.runtime
                    .spawn(engine.batch_in_session(session, place, operation, cursor, open));
            }
            None => {
                self.runtime.spawn(engine.batch(operation, cursor, open));
            }
        }
    }

    async fn batch(self: Arc<Self>, mut operation: Operation, handle: i64, open: Arc<OpenCursor>) {
        let mut held = open.access().await;
        let kept = held.as_ref().is_some_and(Held::keeps_connection);
        let lease = held.as_ref().map(|held| held.lease.clone());
        let admitted = async {
            let lease = lease.ok_or_else(cursor::unknown)?;
            self.admitted(lease.pool(), kept).await
        };
        let outcome = match (open.race(&mut operation, false, admitted).await, held.as_mut()) {
            (Ok(_permit), Some(held)) => open.fetch(&mut operation, held, None, kept).await,
            (Ok(_), None) => Err(cursor::unknown()),
            (Err(error), _) => Err(error),
        };
        self.after_batch(handle, &mut held, &outcome);
        drop(held);
        drop(open);
        operation.complete(outcome);
    }

    /// Forgets a cursor that has no more or has failed; the driver closes the server's.
    fn after_batch(&self, handle: i64, held: &mut Access, outcome: &Result<Outcome, EngineError>) {
        let goes_on = matches!(outcome, Ok(Outcome::Batch(batch)) if !batch.exhausted);
        if !goes_on {
            self.cursors.remove(handle);
            drop(held.take());
        }
    }

    /// Closes a cursor (`killCursors`); an unknown one is already closed.
    pub fn close_cursor(self: &Arc<Self>, op: i64, cursor: i64, done: Box<dyn Completer>) {
        let open = self.cursors.remove(cursor);
        let operation = self.operations.begin(op, 0, None, done);
        let engine = Arc::clone(self);
        self.runtime.spawn(async move {
            if let Some(open) = open {
                open.close();
                let session = open.session.as_ref().map(|(_, session)| Arc::clone(session));
                drop(open);
                if let Some(session) = session {
                    engine.nudge(session);
                }
            }
            operation.complete(Ok(Outcome::Done));
        });
    }

    /// Lets an idle session leave a pool that is on its way out.
    pub(crate) fn nudge(&self, session: Arc<Session>) {
        let place = session.enter();
        self.runtime.spawn(async move {
            let mut state = place.taken().await;
            session.leave_retired(&mut state);
        });
    }

    /// Cancels an operation: it completes with an error that says whether anything was sent.
    pub fn cancel(&self, op: i64) {
        self.operations.cancel(op);
    }

    /// Records a session; nothing is sent.
    pub fn start_session(self: &Arc<Self>, session: i64, options: &str) -> Result<(), EngineError> {
        self.accept()?;
        let options = SessionOptions::parse(options)?;
        self.sessions().insert(session, Session::new(options));
        Ok(())
    }

    /// Records a transaction, which the session's next command starts.
    pub fn start_transaction(self: &Arc<Self>, session: i64, options: &str) -> Result<(), EngineError> {
        self.accept()?;
        let session = self.session(session)?;
        let options = transaction_options::parse(options, &session.options.defaults)?;
        if session.options.snapshot {
            return Err(EngineError::new(
                ErrorKind::Transaction,
                "Transactions are not supported in snapshot sessions",
            ));
        }
        if session.set_in_transaction(true) {
            return Err(EngineError::new(
                ErrorKind::Transaction,
                "Transaction already in progress",
            ));
        }
        match session.enter() {
            Turn::Now(mut state) => state.transaction = Transaction::Recorded(options),
            place @ Turn::Queued(_) => {
                self.runtime.spawn(async move {
                    place.taken().await.transaction = Transaction::Recorded(options);
                });
            }
        }
        Ok(())
    }

    /// Commits the session's transaction.
    pub fn commit_transaction(
        self: &Arc<Self>,
        op: i64,
        session: i64,
        meta: Option<Box<Meta>>,
        done: Box<dyn Completer>,
    ) {
        if let Some((session, place, operation)) = self.conclude(op, session, meta, done) {
            self.runtime
                .spawn(Arc::clone(self).commit(session, place, operation));
        }
    }

    /// Aborts the session's transaction.
    pub fn abort_transaction(
        self: &Arc<Self>,
        op: i64,
        session: i64,
        meta: Option<Box<Meta>>,
        done: Box<dyn Completer>,
    ) {
        if let Some((session, place, operation)) = self.conclude(op, session, meta, done) {
            self.runtime
                .spawn(Arc::clone(self).abort(session, place, operation));
        }
    }

    fn conclude(
        &self,
        op: i64,
        session: i64,
        meta: Option<Box<Meta>>,
        done: Box<dyn Completer>,
    ) -> Option<(Arc<Session>, Turn, Operation)> {
        let session = match self.session(session) {
            Ok(session) => session,
            Err(error) => {
                self.refuse(done, error);
                return None;
            }
        };
        session.set_in_transaction(false);
        let timeout = Self::timeout(meta.as_deref(), self.router.shared().timeout());
        let place = session.enter();
        let operation = self.operations.begin(op, session.pool(), timeout, done);
        Some((session, place, operation))
    }

    /// Ends a session; an open transaction is aborted.
    pub fn end_session(self: &Arc<Self>, op: i64, session: i64, done: Box<dyn Completer>) {
        let ended = self.sessions().remove(&session);
        let pool = ended.as_ref().map_or(0, |session| session.pool());
        let operation = self.operations.begin(op, pool, None, done);
        let Some(ended) = ended else {
            self.runtime
                .spawn(async move { operation.complete(Ok(Outcome::Done)) });
            return;
        };
        ended.set_in_transaction(false);
        let of_it = |cursor: &OpenCursor| {
            cursor
                .session
                .as_ref()
                .is_some_and(|(handle, _)| *handle == session)
        };
        for cursor in self.cursors.remove_where(of_it) {
            cursor.close();
        }
        let place = ended.enter();
        self.runtime.spawn(Arc::clone(self).end(ended, place, operation));
    }

    /// What is known of a session: `{id?, clusterTime?, operationTime?, …}`; `None` for an unknown one.
    pub fn session_info(&self, session: i64) -> Option<RawDocumentBuf> {
        self.session(session).ok().map(|session| session.describe())
    }

    /// The server's name of a session, `{id}`. With `db` it is drawn if there is none yet, on that database's pool.
    pub fn session_id(&self, session: i64, db: Option<&str>) -> Option<RawDocumentBuf> {
        let draws = db.filter(|_| self.accept().is_ok());
        let lease = draws.map(|db| || self.router.lease(db));
        self.session(session).ok()?.id(&self.runtime, lease)
    }

    /// Advances a session's clocks: `{clusterTime?, operationTime?}`.
    pub fn advance_session(self: &Arc<Self>, session: i64, times: RawDocumentBuf) {
        if let Ok(session) = self.session(session) {
            session.advance(&times);
        }
    }

    /// Opens a change stream; completes when the server's cursor is open.
    #[allow(clippy::too_many_arguments)]
    pub fn open_stream(
        self: &Arc<Self>,
        op: i64,
        stream: i64,
        db: Option<String>,
        collection: Option<String>,
        session: i64,
        options: RawDocumentBuf,
        done: Box<dyn Completer>,
    ) {
        let session = match session {
            0 => Ok(None),
            handle => self.session(handle).map(Some),
        };
        let checked = self.accept().and_then(|()| depth::check(options.as_bytes()));
        match checked.and(session) {
            Ok(session) => {
                let target = crate::watch::stream::Target { db, collection };
                self.watch(op, stream, target, session, &options, done);
            }
            Err(error) => self.refuse(done, error),
        }
    }

    /// Waits for changes: at least one.
    pub fn next_changes(self: &Arc<Self>, op: i64, stream: i64, done: Box<dyn Completer>) {
        self.changes(op, stream, done);
    }

    /// Closes a change stream; an unknown one is already closed.
    pub fn close_stream(self: &Arc<Self>, op: i64, stream: i64, done: Box<dyn Completer>) {
        let operation = self.operations.begin(op, 0, None, done);
        let closing = self.streams.close(stream);
        self.runtime.spawn(async move {
            closing.await;
            operation.complete(Ok(Outcome::Done));
        });
    }

    /// Opens the pool of a database (`None` = the shared one) and waits for a usable server.
    pub fn connect(self: &Arc<Self>, op: i64, db: Option<String>, done: Box<dyn Completer>) {
        if let Err(error) = self.accept() {
            return self.refuse(done, error);
        }
        let slot = db.map_or_else(|| Arc::clone(self.router.shared()), |db| self.router.slot(&db));
        let lease = slot.lease();
        let mut operation = self.operations.begin(op, lease.pool().id, None, done);
        let operations = Arc::clone(&self.operations);
        self.runtime.spawn(async move {
            let attempt = Arc::clone(&operation.attempt);
            let outcome = operation
                .race(connect::connect(&lease, operations, attempt))
                .await;
            drop(lease);
            operation.complete(outcome.map(Outcome::Reply));
        });
    }

    /// Gives databases (JSON list of names) a dedicated pool (JSON), or none (`None`).
    pub fn configure(self: &Arc<Self>, op: i64, dbs: &str, pool: Option<&str>, done: Box<dyn Completer>) {
        let changes = match dedicated::plan(&self.router, dbs, pool) {
            Ok(changes) => changes,
            Err(error) => return self.refuse(done, error),
        };
        dedicated::add_new(&self.router, &changes);
        let mut operation = self.operations.begin(op, 0, None, done);
        let engine = Arc::clone(self);
        self.runtime.spawn(async move {
            let outcome = operation.race(dedicated::carry_out(&engine, changes)).await;
            operation.complete(outcome.map(|()| Outcome::Done));
        });
    }

    /// Closes a database's dedicated pool once nothing uses it; it reopens at its next use.
    pub fn close_pool(self: &Arc<Self>, op: i64, db: String, done: Box<dyn Completer>) {
        let retired = self.router.dedicated_slot(&db).and_then(|slot| slot.retire());
        let mut operation = self.operations.begin(op, 0, None, done);
        let engine = Arc::clone(self);
        self.runtime.spawn(async move {
            let closing = async {
                if let Some(pool) = retired {
                    dedicated::close(&engine, pool).await;
                }
                Ok(())
            };
            let outcome = operation.race(closing).await;
            operation.complete(outcome.map(|()| Outcome::Done));
        });
    }

    /// Closes everything: `{force, timeoutMS, refuse}`.
    pub fn close(self: &Arc<Self>, op: i64, options: &str, done: Box<dyn Completer>) {
        let options = close::Options::parse(options);
        let operation = self.operations.begin(op, u64::MAX, None, done);
        let closing = Arc::clone(self).close_all(options);
        self.runtime.spawn(async move {
            let report = closing.await;
            operation.complete(Ok(Outcome::Reply(report)));
        });
    }

    /// Accepts work again after [`Engine::close`].
    pub fn reopen(&self) {
        self.lifecycle.reopen();
    }

    /// Sets which kinds of events are made: the bits of [`crate::telemetry::events::Kind`].
    pub fn listen(&self, kinds: u32) {
        self.events.listen(kinds);
    }

    /// Statistics as JSON; synchronous and cheap.
    pub fn stats(&self) -> String {
        stats::collect(self)
    }

    /// The environment is going away: everything is cancelled, nothing needs to complete.
    pub fn dispose(self: &Arc<Self>) {
        let closing = Arc::clone(self).close_all(close::Options::forced());
        self.runtime.spawn(closing);
    }
}
