//! Sending one command: attempts, numbers, repetitions. The pool is leased and the gate is passed before.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bson::{RawDocumentBuf, raw::cstr};
use futures_util::{StreamExt, future::BoxFuture};
use mongodb::{
    Client, ClientSession, ServerInfo,
    error::{Error, ErrorKind as DriverKind},
    options::{RunCursorCommandOptions, SelectionCriteria},
};

use super::{
    body::{self, CursorOptions},
    convert,
    cursor::ServerCursor,
    depth,
    error::{EngineError, ErrorKind},
    gathered::Gathered,
    operations::Operations,
    read_preference,
    request::{Purpose, Request},
    retry::{self, Repeatable, Tried},
    write_sessions::Borrowed,
};
use crate::pool::{attempt::Attempt, pool::Pool};

/// What a command's reply is.
#[derive(Debug)]
enum Shape {
    /// A document.
    Reply,
    /// The first batch of a cursor, with what its further batches need.
    Cursor(Box<RunCursorCommandOptions>),
}

impl Shape {
    fn cursor(request: &Request) -> Result<Self, EngineError> {
        let mut options = RunCursorCommandOptions::default();
        if let Some(further) = request.meta.as_ref().and_then(|meta| meta.further.clone()) {
            options.batch_size = further.batch_size;
            options.comment = further.comment;
            options.max_time = further.max_time_ms.map(Duration::from_millis);
            return Ok(Self::Cursor(Box::new(options)));
        }
        let read = CursorOptions::read(&request.body)?;
        let max_await = request
            .meta
            .as_ref()
            .and_then(|meta| meta.max_await_time_ms)
            .map(Duration::from_millis);
        // The server refuses `maxTimeMS` with the further batches of any other cursor.
        let max_await = max_await.filter(|_| read.awaits_data);
        options.batch_size = read.batch_size;
        options.comment = read.comment;
        options.max_time = max_await;
        Ok(Self::Cursor(Box::new(options)))
    }
}

/// A command on its way.
pub struct Work {
    /// Where to.
    pub pool: Arc<Pool>,
    /// For the counts.
    pub operations: Arc<Operations>,
    /// For what is known of the attempts.
    pub attempt: Arc<Attempt>,
    db: String,
    body: RawDocumentBuf,
    purpose: Purpose,
    criteria: Option<SelectionCriteria>,
    /// See [`read_preference::for_routers`].
    for_routers: Option<RawDocumentBuf>,
    shape: Shape,
    gathers: bool,
}

/// The reply.
pub enum Sent {
    /// A document.
    Reply(RawDocumentBuf),
    /// A cursor and its first batch.
    Opened(Box<ServerCursor>, RawDocumentBuf),
}

impl Sent {
    fn reply(&self) -> &RawDocumentBuf {
        match self {
            Self::Reply(reply) | Self::Opened(_, reply) => reply,
        }
    }
}

/// In whose name a command is sent.
pub enum As<'session> {
    /// Nobody's: the driver makes a session of its own.
    Nobody,
    /// A user's session, outside a transaction.
    User {
        /// The session.
        session: &'session mut ClientSession,
        /// Reads wait for what it has seen.
        causal: bool,
        /// Reads see one point in time.
        snapshot: bool,
    },
    /// A user's session, in a transaction.
    Transaction(&'session mut ClientSession),
}

impl Work {
    /// A command for `pool`. `opens`: its reply is the first batch of a cursor.
    pub fn new(
        request: Request,
        opens: bool,
        pool: Arc<Pool>,
        operations: Arc<Operations>,
        attempt: Arc<Attempt>,
    ) -> Result<Self, EngineError> {
        depth::check(request.body.as_bytes())?;
        let shape = if opens {
            Shape::cursor(&request)?
        } else {
            Shape::Reply
        };
        let preference = request
            .meta
            .as_ref()
            .and_then(|meta| meta.read_preference.as_ref());
        let criteria = preference.map(read_preference::parse).transpose()?.flatten();
        let for_routers = preference.and_then(read_preference::for_routers);
        let gathers = request.meta.as_ref().is_some_and(|meta| meta.gather);
        let Request {
            db, body, purpose, ..
        } = request;
        Ok(Self {
            pool,
            operations,
            attempt,
            db,
            body,
            purpose,
            criteria,
            for_routers,
            shape,
            gathers,
        })
    }

    /// Sends it, and again where the table allows it. Boxed here, so that what waits at a gate is small.
    pub fn execute(self, sender: As<'_>) -> BoxFuture<'_, Result<Sent, EngineError>> {
        Box::pin(self.run(sender))
    }

    async fn run(mut self, sender: As<'_>) -> Result<Sent, EngineError> {
        let client = self.pool.client().await?;
        if let Some(preference) = self.for_routers.take()
            && self.pool.has_routers().await?
        {
            self.body.append(cstr!("$readPreference"), preference);
            self.criteria = None;
        }
        match sender {
            As::Nobody => match self.number(&client).await? {
                Some(mut borrowed) => {
                    self.repeat(&client, Repeatable::Numbered, Session::Write(&mut borrowed))
                        .await
                }
                None if self.gathers => {
                    // The cursor belongs to the session of the command.
                    let own = client.start_session().causal_consistency(false).await;
                    let mut own = own.map_err(|error| convert::setup_error(&error))?;
                    self.repeat(&client, self.repeatable(), Session::User(&mut own))
                        .await
                }
                None => self.repeat(&client, self.repeatable(), Session::Implicit).await,
            },
            As::Transaction(session) => {
                // No check-out is reported for a pinned connection.
                self.attempt.note_sent();
                self.repeat(&client, Repeatable::Never, Session::Transaction(session))
                    .await
            }
            As::User {
                session,
                snapshot: true,
                ..
            } => {
                let own = std::mem::take(&mut self.body);
                self.body = body::without_read_concern(own)?;
                // A write is sent as it is, unnumbered: the server has to refuse it.
                self.repeat(&client, self.repeatable(), Session::User(session))
                    .await
            }
            As::User { session, causal, .. } => {
                if let Some(seen) = session.operation_time().filter(|_| causal) {
                    let own = std::mem::take(&mut self.body);
                    self.body = body::after(own, seen)?;
                }
                let Some(mut borrowed) = self.number(&client).await? else {
                    return self
                        .repeat(&client, self.repeatable(), Session::User(session))
                        .await;
                };
                borrowed.know(session);
                let outcome = self
                    .repeat(&client, Repeatable::Numbered, Session::Write(&mut borrowed))
                    .await;
                borrowed.tell(session);
                outcome
            }
        }
    }

    /// How it may be repeated when it carries no number.
    fn repeatable(&self) -> Repeatable {
        match self.purpose {
            Purpose::Read if self.pool.settings.retry_reads => Repeatable::Read,
            Purpose::Write | Purpose::Once if self.pool.settings.retry_writes => Repeatable::Unsent,
            Purpose::Read | Purpose::Write | Purpose::Once => Repeatable::Never,
        }
    }

    /// Numbers a write that may carry a number.
    async fn number(&mut self, client: &Client) -> Result<Option<Borrowed>, EngineError> {
        if self.purpose != Purpose::Write
            || body::is_unacknowledged(&self.body)
            || !self.pool.numbers_writes().await?
        {
            return Ok(None);
        }
        let borrowed = self.pool.write_sessions.borrow(client).await?;
        body::number(&mut self.body, borrowed.number());
        Ok(Some(borrowed))
    }

    async fn repeat(
        &self,
        client: &Client,
        repeatable: Repeatable,
        mut session: Session<'_>,
    ) -> Result<Sent, EngineError> {
        let mut reported: Option<Result<Sent, EngineError>> = None;
        let mut retries = 0;
        let mut waiting: Option<Instant> = None;
        loop {
            let limit = if session.in_transaction() {
                // Nothing is dropped there; the operation's own deadline answers JavaScript.
                None
            } else {
                self.attempt.again();
                self.socket_timeout()
            };
            let outcome = match limited(limit, self.send(client, session.client()?)).await {
                Some(Ok(sent)) => {
                    session.settled();
                    Ok(sent)
                }
                Some(Err(error)) => {
                    session.failed(&error, self.attempt.sent_now());
                    let mut converted = self
                        .pool
                        .explained(convert::operation_error(&error, &self.attempt));
                    retry::label(repeatable, &mut converted);
                    Err(converted)
                }
                None => {
                    let mut error = socket_timed_out(limit.unwrap_or_default(), &self.attempt);
                    retry::label(repeatable, &mut error);
                    Err(error)
                }
            };
            let sent = self.attempt.sent_now();
            let only_waited = outcome
                .as_ref()
                .is_err_and(|error| retry::only_waited(error, sent));
            waiting = only_waited.then(|| waiting.unwrap_or_else(Instant::now));
            let again = match &outcome {
                Ok(sent) => {
                    repeatable == Repeatable::Numbered
                        && retries < retry::MAX_RETRIES
                        && body::reply_has_label(sent.reply(), retry::RETRYABLE_WRITE)
                }
                Err(error) => retry::may_repeat(
                    repeatable,
                    error,
                    Tried {
                        sent,
                        retries,
                        waited_in_vain: waiting.is_some_and(|since| {
                            since.elapsed() >= self.pool.settings.server_selection_timeout
                        }),
                    },
                ),
            };
            let failed = outcome.is_err() || again;
            if !failed {
                return match outcome {
                    Ok(Sent::Reply(reply)) if self.gathers => self.gather(client, session, reply).await,
                    outcome => outcome,
                };
            }
            let wrote_nothing = match &outcome {
                Ok(sent) => body::reply_has_label(sent.reply(), retry::NO_WRITES_PERFORMED),
                Err(error) => retry::has(error, retry::NO_WRITES_PERFORMED),
            };
            let report = retry::better(reported.take(), outcome, wrote_nothing);
            if !again {
                return report;
            }
            reported = Some(report);
            if only_waited {
                tokio::time::sleep(retry::BEFORE_ANOTHER_CONNECTION).await;
            } else {
                tokio::time::sleep(retry::backoff(retries, spread())).await;
                retries += 1;
            }
            self.operations.note_retry();
        }
    }

    /// Reads the reply's cursor to its end, in the command's session and on its server. A failure has what came before.
    async fn gather(
        &self,
        client: &Client,
        mut session: Session<'_>,
        reply: RawDocumentBuf,
    ) -> Result<Sent, EngineError> {
        let mut gathered = Gathered::new(reply);
        let limit = self.socket_timeout().filter(|_| !session.in_transaction());
        let db = client.database(&self.db);
        while let Some(more) = gathered.more(&self.body) {
            let mut command = db.run_raw_command(more);
            // A transaction keeps to its server by itself.
            if let Some(address) = self.attempt.address().filter(|_| !session.in_transaction()) {
                let same = move |server: &ServerInfo<'_>| server.address().to_string() == address;
                command = command.selection_criteria(SelectionCriteria::Predicate(Arc::new(same)));
            }
            if let Some(session) = session.client()? {
                command = command.session(session);
            }
            match limited(limit, command.into_future()).await {
                Some(Ok(batch)) => gathered.add(
                    &RawDocumentBuf::try_from(&batch)
                        .map_err(|error| EngineError::new(ErrorKind::Internal, error.to_string()))?,
                ),
                failed => {
                    let mut error = match failed {
                        Some(Err(error)) => convert::operation_error(&error, &self.attempt),
                        _ => socket_timed_out(limit.unwrap_or_default(), &self.attempt),
                    };
                    error.partial = Some(gathered.into_reply());
                    return Err(error);
                }
            }
        }
        Ok(Sent::Reply(gathered.into_reply()))
    }

    fn socket_timeout(&self) -> Option<Duration> {
        let waits = match &self.shape {
            Shape::Cursor(options) => options.max_time.unwrap_or_default(),
            Shape::Reply => Duration::ZERO,
        };
        self.pool.settings.socket_timeout.map(|limit| limit + waits)
    }

    async fn send(&self, client: &Client, session: Option<&mut ClientSession>) -> Result<Sent, Error> {
        let db = client.database(&self.db);
        match &self.shape {
            Shape::Reply => {
                let mut command = db.run_raw_command(self.body.clone());
                if let Some(criteria) = &self.criteria {
                    command = command.selection_criteria(criteria.clone());
                }
                if let Some(session) = session {
                    command = command.session(session);
                }
                match command.await {
                    Ok(reply) => Ok(Sent::Reply(RawDocumentBuf::try_from(&reply)?)),
                    Err(error) => answered(&error).map(Sent::Reply).ok_or(error),
                }
            }
            Shape::Cursor(options) => {
                let mut options = RunCursorCommandOptions::clone(options);
                options.selection_criteria.clone_from(&self.criteria);
                let command = db.run_raw_cursor_command(self.body.clone()).with_options(options);
                let (cursor, first) = match session {
                    None => {
                        let mut cursor = command.batch().await?;
                        let first = cursor.next().await;
                        (ServerCursor::Implicit(cursor), first)
                    }
                    Some(session) => {
                        let mut cursor = command.session(&mut *session).batch().await?;
                        let first = cursor.stream(session).next().await;
                        (ServerCursor::InSession(cursor), first)
                    }
                };
                let first = match first {
                    Some(batch) => batch?.as_raw_document().to_owned(),
                    None => RawDocumentBuf::new(),
                };
                Ok(Sent::Opened(Box::new(cursor), first))
            }
        }
    }
}

/// The reply of a command that the server carried out and the driver could not decode: the server cuts long texts of write
/// errors within a character. What was done must not look like a failure, or it is done again.
fn answered(error: &Error) -> Option<RawDocumentBuf> {
    let reply = error.server_response()?;
    (body::reply_is_ok(reply) == Some(true)).then(|| reply.clone())
}

/// The error of an attempt that took longer than `socketTimeoutMS`.
pub fn socket_timed_out(limit: Duration, attempt: &Attempt) -> EngineError {
    let mut error = EngineError::new(
        ErrorKind::NetworkTimeout,
        format!(
            "The server did not answer within socketTimeoutMS ({} ms)",
            limit.as_millis()
        ),
    );
    error.sent = attempt.sent();
    error.address = attempt.address();
    error
}

/// Runs one attempt; `None` when the limit passed.
pub async fn limited<T>(limit: Option<Duration>, attempt: impl Future<Output = T>) -> Option<T> {
    match limit {
        None => Some(attempt.await),
        Some(limit) => tokio::time::timeout(limit, attempt).await.ok(),
    }
}

/// The session of the attempts.
enum Session<'session> {
    Implicit,
    User(&'session mut ClientSession),
    Transaction(&'session mut ClientSession),
    Write(&'session mut Borrowed),
}

impl Session<'_> {
    fn client(&mut self) -> Result<Option<&mut ClientSession>, EngineError> {
        match self {
            Self::Implicit => Ok(None),
            Self::User(session) | Self::Transaction(session) => Ok(Some(session)),
            Self::Write(borrowed) => borrowed.session().map(Some),
        }
    }

    fn in_transaction(&self) -> bool {
        matches!(self, Self::Transaction(_))
    }

    fn settled(&mut self) {
        if let Self::Write(borrowed) = self {
            borrowed.settled();
        }
    }

    fn failed(&mut self, error: &Error, sent: bool) {
        if let Self::Write(borrowed) = self {
            // These are the failures after which the driver marks the session dirty.
            let dirty = sent
                && matches!(
                    &*error.kind,
                    DriverKind::Io(_) | DriverKind::ConnectionPoolCleared { .. }
                );
            if dirty {
                borrowed.soil();
            } else {
                borrowed.settled();
            }
        }
    }
}

/// Somewhere in 0..1, different for those who fail together.
fn spread() -> f64 {
    let nanoseconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.subsec_nanos());
    f64::from(nanoseconds % 1000) / 1000.0
}
