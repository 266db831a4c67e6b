//! One change stream: a task reads it ahead, within bounds, and JavaScript takes what is there.
//!
//! The driver forbids dropping a half-read event, so the task is the only reader and is dropped as a whole.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bson::{RawDocumentBuf, raw::RawBsonRef};
use mongodb::{
    Client, ClientSession,
    change_stream::{event::ResumeToken, session::SessionChangeStream},
};
use tokio::sync::{Notify, watch};

use super::options::Request;
use crate::{
    engine::{
        Engine, convert,
        error::{EngineError, ErrorKind},
        operations::Operation,
        request::{Changes, Completer, Outcome},
        session::Session,
    },
    pool::{attempt::Attempt, lease::Lease},
};

/// Events read ahead of JavaScript, and handed over at a time.
const MAX_EVENTS: usize = 1000;
/// Bytes read ahead of JavaScript.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What is watched: a collection, a database or (neither) the cluster.
pub struct Target {
    /// The database.
    pub db: Option<String>,
    /// The collection.
    pub collection: Option<String>,
}

#[derive(Default)]
struct Ahead {
    events: VecDeque<RawDocumentBuf>,
    bytes: usize,
    /// The token after the last event that was handed over, or a later one that stands for "nothing happened".
    token: Option<RawDocumentBuf>,
    /// The token the stream opened with was not handed over yet.
    opened: bool,
    end: Option<EngineError>,
}

/// A change stream.
#[derive(Default)]
pub struct Stream {
    ahead: Mutex<Ahead>,
    news: Notify,
    room: Notify,
    closed: watch::Sender<bool>,
    gone: watch::Sender<bool>,
}

/// The driver's stream and all that must live as long. Dropped in this order.
struct Reader {
    changes: SessionChangeStream<RawDocumentBuf>,
    session: ClientSession,
    /// The first is its own pool's.
    leases: Vec<Lease>,
}

impl Reader {
    /// Whether its cursor keeps a connection, as behind a load balancer.
    fn keeps_connection(&self) -> bool {
        let of = |lease: &Lease| lease.pool().topology.is_load_balanced();
        self.leases.first().is_some_and(of)
    }
}

impl Stream {
    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops reading; who waits for changes is told.
    pub fn close(&self) {
        self.finish(closed_error());
        self.closed.send_replace(true);
    }

    fn finish(&self, end: EngineError) {
        self.ahead().end.get_or_insert(end);
        self.news.notify_waiters();
    }

    async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        let _sender_lives_in_self = closed.wait_for(|closed| *closed).await.map(drop);
    }

    /// Waits until the driver's cursor is let go.
    pub async fn gone(&self) {
        let mut gone = self.gone.subscribe();
        let _sender_lives_in_self = gone.wait_for(|gone| *gone).await.map(drop);
    }

    async fn read_until_closed(&self, reader: Reader) {
        let kept = reader.keeps_connection();
        let mut reading = pin!(self.read(reader));
        let closed = tokio::select! {
            () = self.closed() => true,
            () = &mut reading => false,
        };
        if closed && kept {
            // Nobody waits for it; but the driver would use the connection again, and take this reply for that of the next
            // command.
            self.gone.send_replace(true);
            reading.await;
        }
    }

    async fn read(&self, mut reader: Reader) {
        self.opened_at(reader.changes.resume_token().as_ref().and_then(bytes_of));
        loop {
            self.room().await;
            if *self.closed.borrow() {
                return;
            }
            let next = reader.changes.next_if_any(&mut reader.session).await;
            let token = reader.changes.resume_token().as_ref().and_then(bytes_of);
            match next {
                Ok(Some(event)) => {
                    let mut ahead = self.ahead();
                    ahead.bytes += event.as_bytes().len();
                    ahead.events.push_back(event);
                    drop(ahead);
                    self.news.notify_waiters();
                }
                Ok(None) if reader.changes.is_alive() => {
                    let mut ahead = self.ahead();
                    if ahead.events.is_empty() && token.is_some() {
                        ahead.token = token;
                    }
                }
                Ok(None) => return self.finish(closed_error()),
                Err(error) => return self.finish(convert::operation_error(&error, &sent())),
            }
        }
    }

    /// Whoever waits is told where the stream begins before anything happens.
    fn opened_at(&self, token: Option<RawDocumentBuf>) {
        let mut ahead = self.ahead();
        ahead.opened = token.is_some();
        ahead.token = token;
        drop(ahead);
        self.news.notify_waiters();
    }

    /// Waits for JavaScript to have taken enough, or to have closed it.
    async fn room(&self) {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            let full = {
                let ahead = self.ahead();
                ahead.events.len() >= MAX_EVENTS || ahead.bytes >= MAX_BYTES
            };
            if !full {
                return;
            }
            tokio::select! {
                () = room => {}
                () = self.closed() => return,
            }
        }
    }

    /// Waits for changes and takes all that are there; at first there may be none, but the token of the beginning.
    async fn changes(&self) -> Result<Changes, EngineError> {
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            {
                let mut ahead = self.ahead();
                let opened = std::mem::take(&mut ahead.opened);
                if opened && ahead.events.is_empty() {
                    let (events, resume_token) = (Vec::new(), ahead.token.clone());
                    return Ok(Changes { events, resume_token });
                }
                if !ahead.events.is_empty() {
                    let events: Vec<RawDocumentBuf> = std::mem::take(&mut ahead.events).into();
                    ahead.bytes = 0;
                    if let Some(token) = events.last().and_then(token_of) {
                        ahead.token = Some(token);
                    }
                    let resume_token = ahead.token.clone();
                    drop(ahead);
                    self.room.notify_waiters();
                    return Ok(Changes { events, resume_token });
                }
                if let Some(end) = &ahead.end {
                    return Err(end.clone());
                }
            }
            news.await;
        }
    }
}

/// A stream that fails has long talked to a server.
fn sent() -> Attempt {
    let attempt = Attempt::default();
    attempt.note_sent();
    attempt
}

fn token_of(event: &RawDocumentBuf) -> Option<RawDocumentBuf> {
    event
        .get("_id")
        .ok()
        .flatten()
        .and_then(RawBsonRef::as_document)
        .map(ToOwned::to_owned)
}

fn bytes_of(token: &ResumeToken) -> Option<RawDocumentBuf> {
    bson::serialize_to_raw_document_buf(token).ok()
}

fn closed_error() -> EngineError {
    EngineError::new(ErrorKind::UnknownCursor, "The change stream is closed")
}

async fn open(
    client: &Client,
    target: &Target,
    request: Request,
    mut session: ClientSession,
    leases: Vec<Lease>,
) -> Result<Reader, mongodb::error::Error> {
    let Request {
        pipeline, options, ..
    } = request;
    let changes = match (&target.db, &target.collection) {
        (Some(db), Some(collection)) => {
            let collection = client.database(db).collection::<bson::Document>(collection);
            let watch = collection.watch().pipeline(pipeline).with_options(options);
            watch.session(&mut session).await?.with_type()
        }
        (Some(db), None) => {
            let database = client.database(db);
            let watch = database.watch().pipeline(pipeline).with_options(options);
            watch.session(&mut session).await?.with_type()
        }
        (None, _) => {
            let watch = client.watch().pipeline(pipeline).with_options(options);
            watch.session(&mut session).await?.with_type()
        }
    };
    Ok(Reader {
        changes,
        session,
        leases,
    })
}

impl Engine {
    /// See [`Engine::open_stream`].
    pub(crate) fn watch(
        self: &Arc<Self>,
        op: i64,
        handle: i64,
        target: Target,
        user: Option<Arc<Session>>,
        options: &RawDocumentBuf,
        done: Box<dyn Completer>,
    ) {
        let request = match Request::parse(options) {
            Ok(request) => request,
            Err(error) => return self.refuse(done, error),
        };
        if user.as_ref().is_some_and(|user| user.in_transaction()) {
            let error = EngineError::new(
                ErrorKind::Transaction,
                "A change stream cannot be opened in a transaction",
            );
            return self.refuse(done, error);
        }
        let mut leases = vec![self.router.streams(target.db.as_deref()).lease()];
        // A dedicated pool is not closed as long as its database is watched.
        leases.extend(
            target
                .db
                .as_deref()
                .and_then(|db| self.router.dedicated_slot(db))
                .map(|slot| slot.lease()),
        );
        let Some(pool) = leases.first().map(|lease| Arc::clone(lease.pool())) else {
            return;
        };
        let operation = self.operations.begin(op, pool.id, pool.settings.timeout, done);
        let stream = Arc::new(Stream::default());
        self.streams.insert(handle, Arc::clone(&stream));
        let engine = Arc::clone(self);
        let opening = async move {
            let client = pool.client().await?;
            // A session of one client is of no use to another; but what the user's has seen, the stream sees.
            let causal = user.as_ref().is_some_and(|user| user.options.causal);
            let session = client.start_session().causal_consistency(causal).await;
            let mut session = session.map_err(|error| convert::setup_error(&error))?;
            if let Some(user) = &user {
                user.catch_up(&mut session);
            }
            let opened = open(&client, &target, request, session, leases).await;
            opened.map_err(|error| convert::operation_error(&error, &sent()))
        };
        self.runtime
            .spawn(engine.run_stream(handle, stream, operation, opening));
    }

    async fn run_stream(
        self: Arc<Self>,
        handle: i64,
        stream: Arc<Stream>,
        mut operation: Operation,
        opening: impl Future<Output = Result<Reader, EngineError>>,
    ) {
        let opened = operation
            .race(async {
                tokio::select! {
                    biased;
                    () = stream.closed() => Err(closed_error()),
                    opened = opening => opened,
                }
            })
            .await;
        match opened {
            Err(error) => {
                self.streams.remove(handle);
                stream.finish(error.clone());
                stream.gone.send_replace(true);
                operation.complete(Err(error));
            }
            Ok(reader) => {
                operation.complete(Ok(Outcome::Done));
                stream.read_until_closed(reader).await;
                stream.gone.send_replace(true);
            }
        }
    }

    /// See [`Engine::next_changes`].
    pub(crate) fn changes(self: &Arc<Self>, op: i64, handle: i64, done: Box<dyn Completer>) {
        let Some(stream) = self.streams.get(handle) else {
            return self.refuse(done, closed_error());
        };
        // No pool: it sends nothing itself, and closing the streams is what ends it.
        let mut operation = self.operations.begin(op, 0, None, done);
        let engine = Arc::clone(self);
        self.runtime.spawn(async move {
            let outcome = operation.race(stream.changes()).await;
            if outcome.is_err() && stream.ahead().end.is_some() {
                engine.streams.remove(handle);
            }
            operation.complete(outcome.map(Outcome::Changes));
        });
    }
}
