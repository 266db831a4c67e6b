//! What is done in a user's session: one thing at a time, in the order of the calls.
//!
//! In a transaction nothing that was sent is ever dropped: the driver would believe that nothing was started, and the
//! server would hold its locks. JavaScript is answered at once, the command goes to its end, then the transaction is
//! aborted and the driver's session let go.

use std::{pin::pin, sync::Arc};

use super::{
    Engine,
    cursor::{self, Held, OpenCursor},
    error::{EngineError, ErrorKind},
    execute::{As, Sent, Work},
    operations::Operation,
    request::{Outcome, Request},
    retry,
    session::{self, Session, State, Transaction, Turn, lost, unknown_session},
};
use crate::pool::{attempt::Attempt, gate::Permit, lease::Lease, router::Router};

/// Why a transaction that JavaScript gave up on cannot go on.
const CANCELLED: &str = "one of its operations was cancelled before it ended";

/// How a command that must not be dropped came to its end.
enum Ended<T> {
    /// With an outcome that is still to be delivered.
    Normally(Result<T, EngineError>),
    /// JavaScript was answered before.
    Late {
        /// The server has answered.
        settled: bool,
    },
}

/// Lets `work` go to its end, whatever happens to the operation; `on_interrupt` may complete the error.
async fn to_the_end<T>(
    operation: &mut Operation,
    session: &Session,
    on_interrupt: impl FnOnce(&mut EngineError),
    work: impl Future<Output = Result<T, EngineError>>,
) -> Ended<T> {
    let mut kills = session.kills();
    let attempt = Arc::clone(&operation.attempt);
    let _under_way = attempt.under_way();
    let mut work = pin!(Attempt::scope(attempt, work));
    let mut error = tokio::select! {
        biased;
        outcome = &mut work => return Ended::Normally(outcome),
        error = operation.interrupted() => error,
    };
    on_interrupt(&mut error);
    operation.deliver(Err(error));
    tokio::select! {
        biased;
        _outcome = &mut work => Ended::Late { settled: true },
        _killed = kills.changed() => Ended::Late { settled: false },
    }
}

/// Waits for the session's turn; an operation that is interrupted meanwhile is answered here.
async fn turn(operation: Operation, turn: Turn) -> Option<(Operation, tokio::sync::OwnedMutexGuard<State>)> {
    let mut operation = operation;
    let state = tokio::select! {
        biased;
        state = turn.taken() => state,
        error = operation.interrupted() => {
            operation.complete(Err(error));
            return None;
        }
    };
    Some((operation, state))
}

impl Engine {
    /// Everything up to sending: the pool, its gate, the driver's session, the start of the transaction. May be dropped
    /// at any time.
    async fn prepare(
        &self,
        session: &Session,
        state: &mut State,
        db: &str,
        bind: impl Fn(u64),
    ) -> Result<(), EngineError> {
        if state.ended {
            return Err(unknown_session());
        }
        if state.unsettled {
            session
                .lose(state, "the task of one of its operations was lost")
                .await;
        }
        if let Transaction::Lost(reason) = &state.transaction {
            return Err(lost(reason));
        }
        session.leave_retired(state);
        let slot = self.router.slot(db);
        let lease = state.lease.get_or_insert_with(|| session.choose(|| slot.lease()));
        if !Router::same_cluster(lease.pool(), &slot) {
            return Err(EngineError::new(
                ErrorKind::CrossCluster,
                format!(
                    "The session belongs to another cluster than the database {db:?}: a session and its transaction \
                     cannot span clusters or credentials"
                ),
            ));
        }
        let pool = Arc::clone(lease.pool());
        bind(pool.id);
        let entered = self.admitted(&pool, state.permit.is_some()).await?;
        state.permit = entered.or(state.permit.take());
        if state.client.is_none() {
            let client = pool.client().await?;
            state.client = Some(session.first(&client).await?);
        }
        if let Some(client) = &mut state.client {
            session.catch_up(client);
            if let Transaction::Recorded(options) = &state.transaction {
                session::start(client, &pool, options).await?;
                state.transaction = Transaction::Running;
                // The server ends the one before.
                state.commit_in_doubt = false;
            }
        }
        Ok(())
    }

    /// A command in a session. With `cursor`, one that opens a cursor by that handle.
    pub(super) async fn command_in_session(
        self: Arc<Self>,
        session: Arc<Session>,
        place: Turn,
        operation: Operation,
        request: Request,
        cursor: Option<i64>,
    ) {
        let Some((mut operation, mut state)) = turn(operation, place).await else {
            return;
        };
        let running = self.databases.start(&request.db);
        let handle = request.session;
        let bind = operation.binder();
        let prepared = operation
            .race(self.prepare(&session, &mut state, &request.db, bind))
            .await
            .map_err(|error| transient(error, &state.transaction));
        let outcome = match prepared {
            Err(error) => Err(error),
            Ok(()) => match self
                .send_in_session(&session, &mut state, &mut operation, request, cursor)
                .await
            {
                None => return,
                Some(sent) => sent.and_then(|sent| {
                    let lease = state.lease.clone().ok_or_else(unknown_session)?;
                    let permit = state.leave_place();
                    let owner = Some((handle, Arc::clone(&session)));
                    Ok(self.deliverable(sent, lease, permit, cursor, owner))
                }),
            },
        };
        drop(state.leave_place());
        session.learn(&state);
        session.leave_retired(&mut state);
        drop(state);
        drop(running);
        operation.complete(outcome);
    }

    /// Sends; `None` when JavaScript was answered before the end.
    async fn send_in_session(
        &self,
        session: &Session,
        state: &mut State,
        operation: &mut Operation,
        request: Request,
        cursor: Option<i64>,
    ) -> Option<Result<Sent, EngineError>> {
        let (Some(client), Some(lease)) = (&mut state.client, &state.lease) else {
            return Some(Err(unknown_session()));
        };
        let pool = Arc::clone(lease.pool());
        let socket_timeout = pool.settings.socket_timeout;
        let (operations, attempt) = (Arc::clone(&self.operations), Arc::clone(&operation.attempt));
        let work = match Work::new(request, cursor.is_some(), pool, operations, attempt) {
            Ok(work) => work,
            Err(error) => return Some(Err(error)),
        };
        if !matches!(state.transaction, Transaction::Running) {
            state.transaction = Transaction::None;
            let (causal, snapshot) = (session.options.causal, session.options.snapshot);
            let sent = work.execute(As::User {
                session: client,
                causal,
                snapshot,
            });
            return Some(operation.race(sent).await);
        }
        state.unsettled = true;
        operation.limit(socket_timeout);
        match to_the_end(operation, session, |_| (), work.execute(As::Transaction(client))).await {
            Ended::Normally(outcome) => {
                state.unsettled = false;
                Some(outcome)
            }
            Ended::Late { settled } => {
                state.unsettled = !settled;
                session.lose(state, CANCELLED).await;
                None
            }
        }
    }

    /// What a reply means for JavaScript; a cursor that has more is kept.
    pub(super) fn deliverable(
        &self,
        sent: Sent,
        lease: Lease,
        permit: Option<Permit>,
        handle: Option<i64>,
        session: Option<(i64, Arc<Session>)>,
    ) -> Outcome {
        let (server_cursor, reply) = match sent {
            Sent::Reply(reply) => return Outcome::Reply(reply),
            Sent::Opened(server_cursor, reply) => (server_cursor, reply),
        };
        let outcome = cursor::outcome(reply);
        if let (Outcome::Batch(batch), Some(handle)) = (&outcome, handle)
            && !batch.exhausted
        {
            let held = Held {
                cursor: server_cursor,
                permit: permit.filter(|_| lease.pool().topology.is_load_balanced()),
                lease,
            };
            self.cursors.insert(handle, OpenCursor::new(held, session));
        }
        outcome
    }

    /// The next batch of a cursor that was opened in a session.
    pub(super) async fn batch_in_session(
        self: Arc<Self>,
        session: Arc<Session>,
        place: Turn,
        operation: Operation,
        handle: i64,
        open: Arc<OpenCursor>,
    ) {
        let Some((mut operation, mut guard)) = turn(operation, place).await else {
            return;
        };
        let state = &mut *guard;
        let mut held = open.access().await;
        let outcome = 'batch: {
            if let Transaction::Lost(reason) = &state.transaction {
                break 'batch Err(lost(reason));
            }
            let Some(lease) = held.as_ref().map(|held| held.lease.clone()) else {
                break 'batch Err(cursor::unknown());
            };
            let kept = held.as_ref().is_some_and(Held::keeps_connection) || state.permit.is_some();
            let permit = match operation.race(self.admitted(lease.pool(), kept)).await {
                Ok(permit) => permit,
                Err(error) => break 'batch Err(error),
            };
            let (Some(client), Some(held_cursor)) = (&mut state.client, held.as_mut()) else {
                break 'batch Err(cursor::unknown());
            };
            if !matches!(state.transaction, Transaction::Running) {
                let outcome = open.fetch(&mut operation, held_cursor, Some(client), kept).await;
                drop(permit);
                break 'batch outcome;
            }
            let attempt = Arc::clone(&operation.attempt);
            let fetch = held_cursor.cursor.next(Some(client), &attempt);
            state.unsettled = true;
            operation.limit(lease.pool().settings.socket_timeout);
            match to_the_end(&mut operation, &session, |_| (), fetch).await {
                Ended::Normally(outcome) => {
                    state.unsettled = false;
                    outcome
                }
                Ended::Late { settled } => {
                    self.cursors.remove(handle);
                    drop(held.take());
                    state.unsettled = !settled;
                    drop(permit);
                    session.lose(state, CANCELLED).await;
                    return;
                }
            }
        };
        self.after_batch(handle, &mut held, &outcome);
        drop(held);
        drop(open);
        session.learn(state);
        session.leave_retired(state);
        drop(guard);
        operation.complete(outcome);
    }

    /// Commits the session's transaction.
    pub(super) async fn commit(self: Arc<Self>, session: Arc<Session>, place: Turn, operation: Operation) {
        let Some((mut operation, mut state)) = turn(operation, place).await else {
            return;
        };
        let outcome = match &state.transaction {
            Transaction::None => Err(no_transaction()),
            Transaction::Aborted => Err(EngineError::new(
                ErrorKind::Transaction,
                "Cannot call commitTransaction after calling abortTransaction",
            )),
            Transaction::Lost(reason) => Err(lost(reason)),
            Transaction::Recorded(_) | Transaction::Committed { empty: true } => {
                state.transaction = Transaction::Committed { empty: true };
                Ok(Outcome::Done)
            }
            Transaction::Running | Transaction::Committed { empty: false } => {
                match self.send_commit(&session, &mut state, &mut operation).await {
                    Some(outcome) => outcome,
                    None => return,
                }
            }
        };
        session.learn(&state);
        session.leave_retired(&mut state);
        drop(state);
        operation.complete(outcome);
    }

    async fn send_commit(
        &self,
        session: &Session,
        state: &mut State,
        operation: &mut Operation,
    ) -> Option<Result<Outcome, EngineError>> {
        let Some(pool) = state.lease.as_ref().map(|lease| Arc::clone(lease.pool())) else {
            return Some(Err(no_transaction()));
        };
        operation.binder()(pool.id);
        let permit = match operation.race(pool.place(state.permit.is_some())).await {
            Ok(permit) => permit,
            Err(error) => return Some(Err(error)),
        };
        let Some(client) = &mut state.client else {
            return Some(Err(no_transaction()));
        };
        operation.limit(pool.settings.socket_timeout);
        let attempt = Arc::clone(&operation.attempt);
        let commit = async {
            attempt.note_sent();
            let committed = client.commit_transaction().await;
            committed.map_err(|error| super::convert::operation_error(&error, &attempt))
        };
        // Its outcome is unknown then; it may be asked for again.
        let label = |error: &mut EngineError| error.labels.push(retry::UNKNOWN_COMMIT.to_owned());
        let ended = to_the_end(operation, session, label, commit).await;
        drop(permit);
        state.transaction = Transaction::Committed { empty: false };
        state.commit_in_doubt = !matches!(ended, Ended::Normally(Ok(())));
        match ended {
            Ended::Normally(outcome) => Some(outcome.map(|()| Outcome::Done)),
            Ended::Late { settled } => {
                if !settled {
                    session.release(state);
                }
                session.learn(state);
                session.leave_retired(state);
                None
            }
        }
    }

    /// Aborts the session's transaction.
    pub(super) async fn abort(self: Arc<Self>, session: Arc<Session>, place: Turn, operation: Operation) {
        let Some((mut operation, mut state)) = turn(operation, place).await else {
            return;
        };
        let outcome = match &state.transaction {
            Transaction::None => Err(no_transaction()),
            Transaction::Committed { .. } => Err(EngineError::new(
                ErrorKind::Transaction,
                "Cannot call abortTransaction after calling commitTransaction",
            )),
            Transaction::Aborted => Err(EngineError::new(
                ErrorKind::Transaction,
                "Cannot call abortTransaction twice",
            )),
            Transaction::Recorded(_) | Transaction::Lost(_) => {
                state.transaction = Transaction::Aborted;
                Ok(Outcome::Done)
            }
            Transaction::Running => {
                self.send_abort(&session, &mut state, &mut operation).await;
                Ok(Outcome::Done)
            }
        };
        session.learn(&state);
        session.leave_retired(&mut state);
        drop(state);
        operation.complete(outcome);
    }

    /// Aborts; what the server says to that is of no interest.
    async fn send_abort(&self, session: &Session, state: &mut State, operation: &mut Operation) {
        let pool = state.lease.as_ref().map(|lease| Arc::clone(lease.pool()));
        if let (Some(pool), Some(client)) = (pool, &mut state.client) {
            operation.binder()(pool.id);
            let kept = state.permit.take();
            let abort = async {
                // Through the gate like everything that needs a connection; a closed gate is no reason not to abort.
                let _permit = pool.place(kept.is_some()).await;
                let _of_no_interest = client.abort_transaction().await;
                Ok(())
            };
            if let Ended::Late { settled: false } = to_the_end(operation, session, |_| (), abort).await {
                session.release(state);
            }
        }
        state.transaction = Transaction::Aborted;
    }

    /// Ends a session that nobody can find any more; an open transaction is aborted first.
    pub(super) async fn end(self: Arc<Self>, session: Arc<Session>, place: Turn, operation: Operation) {
        let Some((mut operation, mut state)) = turn(operation, place).await else {
            return;
        };
        self.finish(&session, &mut state, &mut operation).await;
        drop(state);
        operation.complete(Ok(Outcome::Done));
    }

    async fn finish(&self, session: &Session, state: &mut State, operation: &mut Operation) {
        if state.unsettled || state.commit_in_doubt {
            session.lose(state, "the session was ended").await;
        } else if matches!(state.transaction, Transaction::Running) {
            self.send_abort(session, state, operation).await;
        }
        state.ended = true;
        state.transaction = Transaction::None;
        session.release(state);
    }
}

fn no_transaction() -> EngineError {
    EngineError::new(ErrorKind::Transaction, "No transaction started")
}

/// Labels a failure to reach a server as the driver does once a transaction's command is on its way.
fn transient(mut error: EngineError, transaction: &Transaction) -> EngineError {
    use ErrorKind::{Network, NetworkTimeout, PoolCleared, ServerSelection};
    let in_transaction = matches!(transaction, Transaction::Recorded(_) | Transaction::Running);
    let unreached = matches!(
        error.kind,
        ServerSelection | Network | NetworkTimeout | PoolCleared
    );
    if in_transaction && unreached && !retry::has(&error, retry::TRANSIENT_TRANSACTION) {
        error.labels.push(retry::TRANSIENT_TRANSACTION.to_owned());
    }
    error
}
