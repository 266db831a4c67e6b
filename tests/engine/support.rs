//! An engine with a face that waits, and the server's own view of it.

use std::{
    collections::HashSet,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use bson::{Document, RawDocumentBuf, doc};
use polymongo::engine::{
    Engine,
    error::{EngineError, ErrorKind},
    request::{Changes, Completer, EventSink, Meta, Outcome, Payload, Purpose, Request},
};
use tokio::sync::watch;

static NEXT: AtomicI64 = AtomicI64::new(1);

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// A handle that no other operation, cursor or session has.
pub fn handle() -> i64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The replica set's connection string.
pub fn uri() -> String {
    std::env::var("POLYMONGO_TEST_URI").expect(
        "POLYMONGO_TEST_URI is not set: these tests need a replica set with enableTestCommands=1; `npm test` starts one",
    )
}

pub type Answer = Result<Outcome, EngineError>;

struct Completion(Option<mpsc::Sender<Answer>>);

impl Completer for Completion {
    fn complete(mut self: Box<Self>, outcome: Answer) {
        let _ = self.0.take().unwrap().send(outcome);
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(Err(EngineError::new(
                ErrorKind::Internal,
                "dropped without an outcome",
            )));
        }
    }
}

/// An operation under way.
pub struct Pending {
    pub op: i64,
    answer: mpsc::Receiver<Answer>,
}

impl Pending {
    pub fn wait(self) -> Answer {
        self.answer.recv_timeout(PATIENCE).expect("the operation hangs")
    }

    pub fn within(self, limit: Duration) -> Answer {
        self.answer
            .recv_timeout(limit)
            .expect("the operation takes too long")
    }
}

#[derive(Default)]
pub struct Recorder {
    events: Mutex<Vec<Document>>,
    behind: watch::Sender<bool>,
    panics: AtomicBool,
}

impl EventSink for Recorder {
    fn event(&self, event: RawDocumentBuf, payload: Payload) {
        let mut event = Document::try_from(&event).unwrap();
        match payload {
            Payload::None => (),
            Payload::Document(document) => {
                event.insert("payload", Document::try_from(&document).unwrap());
            }
            Payload::Failure(error) => {
                event.insert("failure", error.message);
            }
        }
        self.events.lock().unwrap().push(event);
    }

    fn room(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> {
        assert!(!self.panics.load(Ordering::Relaxed), "as the test wants it");
        let mut behind = self.behind.subscribe();
        let is_behind = *behind.borrow();
        is_behind
            .then(|| Box::pin(async move { drop(behind.wait_for(|behind| !behind).await) }) as Pin<Box<_>>)
    }
}

impl Recorder {
    /// Says that every operation meets a panic on its way, or none any more.
    pub fn panics(&self, panics: bool) {
        self.panics.store(panics, Ordering::Relaxed);
    }

    /// Says that replies are not fetched, or are again.
    pub fn is_behind(&self, behind: bool) {
        self.behind.send_replace(behind);
    }

    pub fn of(&self, kind: &str) -> Vec<Document> {
        self.events
            .lock()
            .unwrap()
            .iter()
            .filter(|event| event.get_str("type").ok() == Some(kind))
            .cloned()
            .collect()
    }
}

/// One client.
pub struct Client {
    pub engine: Arc<Engine>,
    pub events: Arc<Recorder>,
    pub app: String,
}

pub fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

pub fn decoded(raw: &RawDocumentBuf) -> Document {
    Document::try_from(raw).unwrap()
}

pub fn reply(answer: Answer) -> Document {
    match answer.unwrap() {
        Outcome::Reply(reply) => decoded(&reply),
        other => panic!("a reply was expected, not {other:?}"),
    }
}

/// The documents of a batch, and whether it was the last.
pub fn batch(answer: Answer) -> (Vec<Document>, bool) {
    match answer.unwrap() {
        Outcome::Batch(batch) => {
            let reply = decoded(&batch.reply);
            let cursor = reply.get_document("cursor").unwrap();
            let documents = cursor
                .get_array("firstBatch")
                .or_else(|_| cursor.get_array("nextBatch"))
                .unwrap();
            (
                documents
                    .iter()
                    .map(|one| one.as_document().unwrap().clone())
                    .collect(),
                batch.exhausted,
            )
        }
        other => panic!("a batch was expected, not {other:?}"),
    }
}

pub fn changes(answer: Answer) -> Changes {
    match answer.unwrap() {
        Outcome::Changes(changes) => changes,
        other => panic!("changes were expected, not {other:?}"),
    }
}

impl Client {
    pub fn new() -> Self {
        Self::with(&doc! {})
    }

    /// A client with an application name of its own, by which the server tells it apart.
    pub fn with(config: &Document) -> Self {
        let app = format!("engine-test-{}-{}", std::process::id(), handle());
        let mut config = config.clone();
        config.insert("appName", &app);
        for (key, value) in [("maxPoolSize", 10), ("heartbeatFrequencyMS", 500)] {
            if !config.contains_key(key) {
                config.insert(key, value);
            }
        }
        let events = Arc::new(Recorder::default());
        let config = bson::Bson::Document(config).into_relaxed_extjson().to_string();
        let engine = Engine::new(&uri(), &config, Arc::clone(&events) as Arc<dyn EventSink>).unwrap();
        // All kinds.
        engine.listen(u32::MAX);
        Self { engine, events, app }
    }

    pub fn submit(&self, start: impl FnOnce(&Arc<Engine>, i64, Box<dyn Completer>)) -> Pending {
        let (sender, answer) = mpsc::channel();
        let op = handle();
        start(&self.engine, op, Box::new(Completion(Some(sender))));
        Pending { op, answer }
    }

    pub fn send(
        &self,
        db: &str,
        session: i64,
        purpose: Purpose,
        body: &Document,
        meta: Option<Meta>,
    ) -> Pending {
        let request = Request {
            db: db.into(),
            session,
            purpose,
            body: raw(body),
            meta: meta.map(Box::new),
        };
        self.submit(|engine, op, done| engine.command(op, request, done))
    }

    pub fn run(&self, db: &str, body: &Document) -> Document {
        reply(self.send(db, 0, Purpose::Once, body, None).wait())
    }

    pub fn write(&self, db: &str, body: &Document) -> Answer {
        self.send(db, 0, Purpose::Write, body, None).wait()
    }

    pub fn insert(&self, db: &str, document: &Document) -> Answer {
        self.write(db, &doc! { "insert": "c", "documents": [document] })
    }

    pub fn open(&self, cursor: i64, db: &str, session: i64, body: &Document) -> Pending {
        let request = Request {
            db: db.into(),
            session,
            purpose: Purpose::Read,
            body: raw(body),
            meta: None,
        };
        self.submit(|engine, op, done| engine.open_cursor(op, cursor, request, done))
    }

    pub fn next(&self, cursor: i64) -> Pending {
        self.submit(|engine, op, done| engine.next_batch(op, cursor, None, done))
    }

    pub fn close_cursor(&self, cursor: i64) -> Pending {
        self.submit(|engine, op, done| engine.close_cursor(op, cursor, done))
    }

    pub fn find(&self, db: &str, filter: &Document) -> Vec<Document> {
        self.find_in(db, 0, filter)
    }

    pub fn find_in(&self, db: &str, session: i64, filter: &Document) -> Vec<Document> {
        batch(
            self.open(handle(), db, session, &doc! { "find": "c", "filter": filter })
                .wait(),
        )
        .0
    }

    pub fn session(&self) -> i64 {
        self.session_with("{}")
    }

    pub fn session_with(&self, options: &str) -> i64 {
        let session = handle();
        self.engine.start_session(session, options).unwrap();
        session
    }

    pub fn begin(&self, session: i64) {
        self.engine.start_transaction(session, "{}").unwrap();
    }

    pub fn commit(&self, session: i64) -> Pending {
        self.submit(|engine, op, done| engine.commit_transaction(op, session, None, done))
    }

    pub fn abort(&self, session: i64) -> Pending {
        self.submit(|engine, op, done| engine.abort_transaction(op, session, None, done))
    }

    pub fn end(&self, session: i64) -> Pending {
        self.submit(|engine, op, done| engine.end_session(op, session, done))
    }

    pub fn info(&self, session: i64) -> Document {
        decoded(&self.engine.session_info(session).unwrap())
    }

    pub fn connect(&self, db: Option<&str>) -> Pending {
        self.submit(|engine, op, done| engine.connect(op, db.map(String::from), done))
    }

    pub fn configure(&self, dbs: &[&str], pool: Option<&Document>) -> Pending {
        let dbs = serde_json::to_string(dbs).unwrap();
        let pool = pool.map(|pool| {
            bson::Bson::Document(pool.clone())
                .into_relaxed_extjson()
                .to_string()
        });
        self.submit(|engine, op, done| engine.configure(op, &dbs, pool.as_deref(), done))
    }

    pub fn close_pool(&self, db: &str) -> Pending {
        self.submit(|engine, op, done| engine.close_pool(op, db.into(), done))
    }

    pub fn watch(
        &self,
        stream: i64,
        db: Option<&str>,
        collection: Option<&str>,
        options: &Document,
    ) -> Pending {
        let (db, collection) = (db.map(String::from), collection.map(String::from));
        self.submit(|engine, op, done| {
            engine.open_stream(op, stream, db, collection, 0, raw(options), done);
        })
    }

    pub fn changes(&self, stream: i64) -> Pending {
        self.submit(|engine, op, done| engine.next_changes(op, stream, done))
    }

    pub fn close_stream(&self, stream: i64) -> Pending {
        self.submit(|engine, op, done| engine.close_stream(op, stream, done))
    }

    pub fn close(&self, options: &str) -> Pending {
        self.submit(|engine, op, done| engine.close(op, options, done))
    }

    pub fn stats(&self) -> serde_json::Value {
        serde_json::from_str(&self.engine.stats()).unwrap()
    }

    /// How often a command was sent, as far as commands are monitored.
    pub fn sent(&self, command: &str) -> usize {
        let events = self.events.of("command");
        let is_start = |event: &&Document| {
            event.get_str("name").ok() == Some("commandStarted")
                && event.get_str("commandName").ok() == Some(command)
        };
        events.iter().filter(is_start).count()
    }

    /// The statistics of one pool.
    pub fn pool(&self, name: &str) -> serde_json::Value {
        let stats = self.stats();
        let pools = stats["pools"].as_array().unwrap();
        pools
            .iter()
            .find(|pool| pool["name"] == name && pool["streams"] == false)
            .unwrap()
            .clone()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.close(r#"{"force": true, "refuse": true}"#).wait();
    }
}

/// The server has one `failCommand`: who has set it keeps it to the end of the test.
static FAILPOINT: Mutex<()> = Mutex::new(());

/// The server's own view, and its failpoints.
pub struct Server(Client, std::cell::RefCell<Option<MutexGuard<'static, ()>>>);

impl Drop for Server {
    fn drop(&mut self) {
        if self.1.borrow().is_some() {
            self.no_more_failures();
        }
    }
}

impl Server {
    pub fn new() -> Self {
        Self(Client::new(), std::cell::RefCell::default())
    }

    /// Lets commands of one application fail.
    pub fn fail(&self, app: &str, mode: &Document, mut data: Document) {
        let mut guard = self.1.borrow_mut();
        guard.get_or_insert_with(|| FAILPOINT.lock().unwrap_or_else(PoisonError::into_inner));
        data.insert("appName", app);
        self.0.run(
            "admin",
            &doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data },
        );
    }

    /// Ends what [`Server::fail`] began.
    pub fn no_more_failures(&self) {
        self.0.run(
            "admin",
            &doc! { "configureFailPoint": "failCommand", "mode": "off" },
        );
    }

    /// What an application's connections do; idle ones included.
    pub fn connections(&self, app: &str) -> Vec<Document> {
        let pipeline = vec![
            doc! { "$currentOp": { "idleConnections": true, "localOps": true } },
            doc! { "$match": { "appName": app, "connectionId": { "$exists": true } } },
        ];
        self.aggregate(pipeline)
    }

    /// Transactions that are open on the server, in sessions that `lsid` names.
    pub fn open_transactions(&self, id: &bson::Bson) -> usize {
        let pipeline = vec![
            doc! { "$currentOp": { "idleSessions": true, "localOps": true } },
            doc! { "$match": { "lsid.id": id, "transaction": { "$exists": true } } },
        ];
        self.aggregate(pipeline).len()
    }

    /// The ids of the sessions that the server remembers.
    pub fn sessions(&self) -> HashSet<Vec<u8>> {
        self.0.run("admin", &doc! { "refreshLogicalSessionCacheNow": 1 });
        let find = doc! { "find": "system.sessions", "projection": { "_id": 1 }, "batchSize": 100_000 };
        let all = batch(self.0.open(handle(), "config", 0, &find).wait()).0;
        all.iter().map(|session| session_id(session, "_id")).collect()
    }

    /// How many of these sessions have a transaction open.
    pub fn transactions(&self, sessions: &HashSet<Vec<u8>>) -> usize {
        let all = self.aggregate(vec![
            doc! { "$currentOp": { "idleSessions": true, "localOps": true } },
            doc! { "$match": { "lsid": { "$exists": true }, "transaction": { "$exists": true } } },
        ]);
        let of_these = |one: &&Document| sessions.contains(&session_id(one, "lsid"));
        all.iter().filter(of_these).count()
    }

    /// The cursors of a collection, idle or waiting for more.
    pub fn cursors(&self, namespace: &str) -> Vec<Document> {
        let pipeline = vec![
            doc! { "$currentOp": { "idleCursors": true, "localOps": true } },
            doc! { "$match": { "ns": namespace, "cursor": { "$exists": true } } },
            doc! { "$replaceWith": "$cursor" },
        ];
        self.aggregate(pipeline)
    }

    pub fn open_cursors(&self, namespace: &str) -> usize {
        let pipeline = vec![
            doc! { "$currentOp": { "idleCursors": true, "localOps": true } },
            doc! { "$match": { "type": "idleCursor", "ns": namespace } },
        ];
        self.aggregate(pipeline).len()
    }

    fn aggregate(&self, pipeline: Vec<Document>) -> Vec<Document> {
        let body = doc! { "aggregate": 1, "pipeline": pipeline, "cursor": { "batchSize": 10_000 } };
        batch(self.0.open(handle(), "admin", 0, &body).wait()).0
    }
}

/// The id of the session that a document names.
pub fn session_id(document: &Document, field: &str) -> Vec<u8> {
    match document.get_document(field).unwrap().get("id") {
        Some(bson::Bson::Binary(id)) => id.bytes.clone(),
        other => panic!("no id of a session: {other:?}"),
    }
}

/// Waits until something is as it should be.
pub fn eventually(what: &str, limit: Duration, mut check: impl FnMut() -> bool) {
    let start = Instant::now();
    while !check() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An empty database of that name.
pub fn fresh(client: &Client, db: &str) {
    client.run(db, &doc! { "dropDatabase": 1 });
}
