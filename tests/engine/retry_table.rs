//! How often each kind of operation is sent after each kind of failure, and what the application hears of it. Attempts
//! are counted as they leave.

use std::time::Duration;

use bson::{Document, doc};
use polymongo::engine::{error::ErrorKind, request::Purpose};

use crate::support::{Answer, Client, Pending, Server, eventually, fresh, handle};

/// Every kind of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Cursor,
    NumberedWrite,
    MultiUpdate,
    UnacknowledgedWrite,
    Command,
    GetMore,
    ReadInTransaction,
    WriteInTransaction,
    Commit,
    Abort,
}

use Kind::{
    Abort, Command, Commit, Cursor, GetMore, MultiUpdate, NumberedWrite, Read, ReadInTransaction,
    UnacknowledgedWrite, WriteInTransaction,
};

const ALL: [Kind; 11] = [
    Read,
    Cursor,
    NumberedWrite,
    MultiUpdate,
    UnacknowledgedWrite,
    Command,
    GetMore,
    ReadInTransaction,
    WriteInTransaction,
    Commit,
    Abort,
];

impl Kind {
    /// The command that is sent, and fails.
    fn command(self) -> &'static str {
        match self {
            Read => "count",
            Cursor | ReadInTransaction => "find",
            NumberedWrite | UnacknowledgedWrite | WriteInTransaction => "insert",
            MultiUpdate => "update",
            Command => "dbStats",
            GetMore => "getMore",
            Commit => "commitTransaction",
            Abort => "abortTransaction",
        }
    }

    fn in_transaction(self) -> bool {
        matches!(self, ReadInTransaction | WriteInTransaction | Commit | Abort)
    }

    fn run(self, client: &Client, db: &str, session: i64, cursor: i64) -> Answer {
        let find = doc! { "find": "c", "batchSize": 1 };
        let insert = doc! { "insert": "c", "documents": [{ "a": 1 }] };
        let send = |purpose, body: &Document| client.send(db, session, purpose, body, None);
        let pending = match self {
            Read => send(Purpose::Read, &doc! { "count": "c" }),
            Cursor | ReadInTransaction => client.open(cursor, db, session, &find),
            NumberedWrite | WriteInTransaction => send(Purpose::Write, &insert),
            MultiUpdate => {
                let all = doc! { "q": {}, "u": { "$inc": { "n": 1 } }, "multi": true };
                send(Purpose::Once, &doc! { "update": "c", "updates": [all] })
            }
            UnacknowledgedWrite => {
                let mut insert = insert;
                insert.insert("writeConcern", doc! { "w": 0 });
                send(Purpose::Write, &insert)
            }
            Command => send(Purpose::Once, &doc! { "dbStats": 1 }),
            GetMore => client.next(cursor),
            Commit => client.commit(session),
            Abort => client.abort(session),
        };
        pending.wait()
    }
}

/// How one operation went: how often it was sent, and how it ended.
struct Went {
    attempts: usize,
    answer: Answer,
}

impl Went {
    fn labels(&self) -> Vec<String> {
        let labels = self.answer.as_ref().err().map(|error| error.labels.clone());
        let mut labels = labels.unwrap_or_default();
        labels.sort_unstable();
        labels
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        fresh(&self.client, &self.db);
    }
}

struct Table {
    db: String,
    client: Client,
    server: Server,
}

impl Table {
    fn new(config: &Document) -> Self {
        let mut config = config.clone();
        config.insert("monitorCommands", true);
        let table = Self {
            // The server serves several tables at a time.
            db: format!("engine_retry_table_{}", handle()),
            client: Client::with(&config),
            server: Server::new(),
        };
        fresh(&table.client, &table.db);
        let documents: Vec<Document> = (0..3).map(|number| doc! { "_id": number }).collect();
        let filled = table
            .client
            .write(&table.db, &doc! { "insert": "c", "documents": documents });
        filled.unwrap();
        table
    }

    /// One operation, whose command fails `times` times.
    fn against(&self, kind: Kind, times: i32, failure: &Document) -> Went {
        let Self { db, client, server } = self;
        let session = if kind.in_transaction() {
            client.session()
        } else {
            0
        };
        let cursor = handle();
        if kind == GetMore {
            Cursor.run(client, db, 0, cursor).unwrap();
        }
        if kind.in_transaction() {
            client.begin(session);
            // Another command than the one that fails: the transaction is under way.
            let count = doc! { "aggregate": "c", "pipeline": [], "cursor": {} };
            client.open(handle(), db, session, &count).wait().unwrap();
        }
        let mut failure = failure.clone();
        failure.insert("failCommands", vec![kind.command()]);
        server.fail(&client.app, &doc! { "times": times }, failure);
        let before = client.sent(kind.command());
        let answer = kind.run(client, db, session, cursor);
        let attempts = client.sent(kind.command()) - before;
        server.no_more_failures();
        if kind == GetMore || kind == Cursor {
            client.close_cursor(cursor).wait().unwrap();
        }
        if session != 0 {
            let id = client.info(session).get_document("id").cloned();
            client.end(session).wait().unwrap();
            if let (Ok(id), Abort) = (id, kind) {
                // The server never heard of the abort.
                client.run("admin", &doc! { "killSessions": [id] });
            }
        }
        Went { attempts, answer }
    }

    /// The attempts of every kind, for a failure that strikes once.
    fn attempts(&self, failure: &Document) -> Vec<(Kind, usize, bool)> {
        let row = |kind| {
            let went = self.against(kind, 1, failure);
            (kind, went.attempts, went.answer.is_ok())
        };
        ALL.into_iter().map(row).collect()
    }
}

fn expected(of: impl Fn(Kind) -> (usize, bool)) -> Vec<(Kind, usize, bool)> {
    let row = |kind| {
        let (attempts, succeeds) = of(kind);
        (kind, attempts, succeeds)
    };
    ALL.into_iter().map(row).collect()
}

const TWICE: (usize, bool) = (2, true);
const ONCE: (usize, bool) = (1, false);
/// What the server says to an abort is of no interest.
const ONCE_AND_WELL: (usize, bool) = (1, true);

#[test]
fn after_a_closed_connection() {
    let table = Table::new(&doc! {});
    let close = doc! { "closeConnection": true };
    let twice = [Read, Cursor, NumberedWrite, Commit, Abort];
    let expected = expected(|kind| if twice.contains(&kind) { TWICE } else { ONCE });
    assert_eq!(table.attempts(&close), expected);
}

#[test]
fn after_an_error_that_a_new_primary_mends() {
    let table = Table::new(&doc! {});
    let twice = [Read, Cursor, NumberedWrite, Commit, Abort];
    let expected = expected(|kind| if twice.contains(&kind) { TWICE } else { ONCE });
    assert_eq!(table.attempts(&doc! { "errorCode": 10107 }), expected);
}

#[test]
fn after_an_error_that_nothing_mends() {
    let table = Table::new(&doc! {});
    let expected = expected(|kind| if kind == Abort { ONCE_AND_WELL } else { ONCE });
    assert_eq!(table.attempts(&doc! { "errorCode": 8000 }), expected);
}

#[test]
fn after_a_write_concern_error() {
    let table = Table::new(&doc! {});
    let labelled = doc! {
        "writeConcernError": { "code": 91, "errmsg": "shutting down" },
        "errorLabels": ["RetryableWriteError"],
    };
    for (kind, attempts) in [(NumberedWrite, 2), (MultiUpdate, 1), (UnacknowledgedWrite, 1)] {
        let went = table.against(kind, 1, &labelled);
        assert_eq!((went.attempts, went.answer.is_ok()), (attempts, true), "{kind:?}");
    }
    // Without the label it is the answer.
    let plain = doc! { "writeConcernError": { "code": 64, "errmsg": "waiting for replication timed out" } };
    for kind in [NumberedWrite, MultiUpdate] {
        let went = table.against(kind, 1, &plain);
        assert_eq!((went.attempts, went.answer.is_ok()), (1, true), "{kind:?}");
    }
}

#[test]
fn after_a_silence() {
    let table = Table::new(&doc! { "socketTimeoutMS": 250 });
    let silence = doc! { "blockConnection": true, "blockTimeMS": 700 };
    for (kind, expected) in [
        (Read, TWICE),
        (Cursor, TWICE),
        (NumberedWrite, TWICE),
        (MultiUpdate, ONCE),
        (Command, ONCE),
        (GetMore, ONCE),
        (WriteInTransaction, ONCE),
    ] {
        let went = table.against(kind, 1, &silence);
        assert_eq!((went.attempts, went.answer.is_ok()), expected, "{kind:?}");
    }
}

#[test]
fn at_most_six_times() {
    let table = Table::new(&doc! {});
    for kind in [Read, Cursor, NumberedWrite] {
        // Other codes make the driver wait for its next check of the server.
        let failure = doc! { "errorCode": 134, "errorLabels": ["RetryableWriteError"] };
        let went = table.against(kind, 20, &failure);
        assert_eq!((went.attempts, went.answer.is_ok()), (6, false), "{kind:?}");
    }
    // These are the driver's, which sends them twice.
    for kind in [Commit, Abort] {
        let failure = doc! { "errorCode": 6, "errorLabels": ["RetryableWriteError"] };
        let went = table.against(kind, 20, &failure);
        assert_eq!(
            (went.attempts, went.answer.is_ok()),
            (2, kind == Abort),
            "{kind:?}"
        );
    }
}

#[test]
fn the_labels_say_what_the_application_may_do() {
    let table = Table::new(&doc! {});
    let close = doc! { "closeConnection": true };
    let (retryable, transient, unknown) = (
        "RetryableWriteError",
        "TransientTransactionError",
        "UnknownTransactionCommitResult",
    );
    for (kind, expected) in [
        (Read, &[][..]),
        (NumberedWrite, &[retryable]),
        (MultiUpdate, &[]),
        (UnacknowledgedWrite, &[]),
        (Command, &[]),
        (GetMore, &[]),
        (ReadInTransaction, &[transient]),
        (WriteInTransaction, &[transient]),
        (Commit, &[retryable, unknown]),
    ] {
        let went = table.against(kind, 6, &close);
        assert_eq!(went.labels(), expected, "{kind:?}");
        let kind_of = went.answer.unwrap_err().kind;
        assert!(
            matches!(kind_of, ErrorKind::Network | ErrorKind::PoolCleared),
            "{kind:?}: {kind_of:?}"
        );
    }
}

#[test]
fn the_failure_that_may_have_written_is_the_one_that_is_told() {
    let table = Table::new(&doc! {});
    // The server says of all that follow that they have written nothing.
    let nothing = doc! { "errorCode": 134, "errorLabels": ["RetryableWriteError", "NoWritesPerformed"] };
    let went = table.against(NumberedWrite, 20, &nothing);
    let error = went.answer.unwrap_err();
    assert_eq!((went.attempts, error.code), (6, Some(134)));
    assert!(
        error.labels.contains(&"NoWritesPerformed".to_owned()),
        "{error:?}"
    );
}

#[test]
fn without_retry_reads() {
    let table = Table::new(&doc! { "retryReads": false });
    let twice = [NumberedWrite, Commit, Abort];
    let failure = doc! { "closeConnection": true };
    let expected = expected(|kind| if twice.contains(&kind) { TWICE } else { ONCE });
    assert_eq!(table.attempts(&failure), expected);
}

#[test]
fn without_retry_writes() {
    let table = Table::new(&doc! { "retryWrites": false });
    // Commit and abort are repeated whatever was asked for, as the specification wants it.
    let twice = [Read, Cursor, Commit, Abort];
    let failure = doc! { "closeConnection": true };
    let expected = expected(|kind| if twice.contains(&kind) { TWICE } else { ONCE });
    assert_eq!(table.attempts(&failure), expected);
    let went = table.against(NumberedWrite, 1, &doc! { "closeConnection": true });
    assert!(went.labels().is_empty(), "{:?}", went.labels());
}

#[test]
fn what_never_left_is_sent_again_unless_that_is_unwanted() {
    for retry_writes in [true, false] {
        let table = Table::new(&doc! { "retryWrites": retry_writes });
        let Table { db, client, server } = &table;
        // Who gets a connection loses it, and so nobody else gets one.
        let failure = doc! {
            "failCommands": ["hello", "isMaster", "ismaster", "count"],
            "blockConnection": true,
            "blockTimeMS": 300,
            "closeConnection": true,
        };
        server.fail(&client.app, &doc! { "times": 1_000_000 }, failure);
        let before = client.sent("update");
        let busy = client.send(db, 0, Purpose::Once, &doc! { "count": "c" }, None);
        eventually("it has the connection", Duration::from_secs(5), || {
            client.pool("")["inUseConnections"] == 1
        });
        let all = doc! { "q": {}, "u": { "$inc": { "n": 1 } }, "multi": true };
        let update = doc! { "update": "c", "updates": [all] };
        let waiting: Vec<Pending> = (0..6)
            .map(|_| client.send(db, 0, Purpose::Once, &update, None))
            .collect();
        // So that the server has met the connections that are being made for them.
        std::thread::sleep(Duration::from_millis(150));
        server.no_more_failures();
        assert!(busy.wait().unwrap_err().sent);
        for one in waiting {
            let answer = one.wait();
            match &answer {
                Ok(_) => assert!(retry_writes),
                Err(error) => assert!(!error.sent && !retry_writes, "{error:?}"),
            }
        }
        let updates = client.sent("update") - before;
        assert_eq!(updates, if retry_writes { 6 } else { 0 });
        let changed = client.find(db, &doc! { "n": if retry_writes { 6 } else { 0 } });
        assert_eq!(changed.len(), if retry_writes { 3 } else { 0 });
    }
}

#[test]
fn a_failed_commit_leaves_no_transaction_when_the_session_ends() {
    let table = Table::new(&doc! {});
    let Table { db, client, server } = &table;
    let session = client.session();
    client.begin(session);
    WriteInTransaction.run(client, db, session, 0).unwrap();
    let id = client
        .info(session)
        .get_document("id")
        .unwrap()
        .get("id")
        .unwrap()
        .clone();
    let failure = doc! { "failCommands": ["commitTransaction"], "closeConnection": true };
    server.fail(&client.app, &doc! { "times": 2 }, failure);
    let error = client.commit(session).wait().unwrap_err();
    assert!(
        error
            .labels
            .contains(&"UnknownTransactionCommitResult".to_owned()),
        "{error:?}"
    );
    assert_eq!(server.open_transactions(&id), 1);
    client.end(session).wait().unwrap();
    assert_eq!(server.open_transactions(&id), 0);
}
