use std::time::{Duration, Instant};

use bson::{Document, doc};
use polymongo::engine::{
    error::ErrorKind,
    request::{Meta, Purpose},
};

use crate::support::{Client, Pending, Server, batch, eventually, fresh, handle, reply};

fn insert(client: &Client, db: &str, session: i64, document: &Document) -> Pending {
    client.send(
        db,
        session,
        Purpose::Write,
        &doc! { "insert": "c", "documents": [document] },
        None,
    )
}

fn prepared(db: &str) -> Client {
    let client = Client::new();
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    client
}

#[test]
fn commits_what_is_seen_only_then() {
    let client = prepared("engine_txn_commit");
    let session = client.session();
    client.begin(session);
    assert_eq!(client.info(session).get_bool("inTransaction").ok(), Some(true));
    reply(insert(&client, "engine_txn_commit", session, &doc! { "_id": 1 }).wait());
    assert_eq!(client.find("engine_txn_commit", &doc! {}).len(), 0);
    assert_eq!(client.find_in("engine_txn_commit", session, &doc! {}).len(), 1);
    client.commit(session).wait().unwrap();
    // As often as one likes.
    client.commit(session).wait().unwrap();
    assert_eq!(client.find("engine_txn_commit", &doc! {}).len(), 1);
    assert_eq!(client.info(session).get_bool("inTransaction").ok(), Some(false));
    assert_eq!(
        client.abort(session).wait().unwrap_err().kind,
        ErrorKind::Transaction
    );
    client.end(session).wait().unwrap();
}

#[test]
fn aborts_and_starts_another() {
    let client = prepared("engine_txn_abort");
    let session = client.session();
    client.begin(session);
    reply(insert(&client, "engine_txn_abort", session, &doc! { "_id": 1 }).wait());
    client.abort(session).wait().unwrap();
    assert_eq!(client.find("engine_txn_abort", &doc! {}).len(), 0);
    assert_eq!(
        client.commit(session).wait().unwrap_err().kind,
        ErrorKind::Transaction
    );
    client.begin(session);
    reply(insert(&client, "engine_txn_abort", session, &doc! { "_id": 2 }).wait());
    client.commit(session).wait().unwrap();
    assert_eq!(client.find("engine_txn_abort", &doc! {}).len(), 1);
}

#[test]
fn an_empty_transaction_sends_nothing() {
    let client = Client::new();
    let session = client.session();
    client.begin(session);
    client.commit(session).wait().unwrap();
    client.commit(session).wait().unwrap();
    client.begin(session);
    client.abort(session).wait().unwrap();
    client.end(session).wait().unwrap();
    assert_eq!(client.pool("")["state"], "idle");
    assert_eq!(
        client.commit(session).wait().unwrap_err().kind,
        ErrorKind::SessionExpired
    );
}

#[test]
fn the_first_commands_of_a_transaction_may_come_together() {
    let client = prepared("engine_txn_first");
    for round in 0..20 {
        let session = client.session();
        client.begin(session);
        let inserts: Vec<Pending> = (0..4)
            .map(|number| {
                insert(
                    &client,
                    "engine_txn_first",
                    session,
                    &doc! { "_id": round * 10 + number },
                )
            })
            .collect();
        let commit = client.commit(session);
        for pending in inserts {
            reply(pending.wait());
        }
        commit.wait().unwrap();
        client.end(session).wait().unwrap();
    }
    assert_eq!(client.find("engine_txn_first", &doc! {}).len(), 80);
}

#[test]
fn what_is_submitted_after_the_commit_is_outside() {
    let client = prepared("engine_txn_order");
    let session = client.session();
    client.begin(session);
    let first = insert(&client, "engine_txn_order", session, &doc! { "_id": 1 });
    let abort = client.abort(session);
    let outside = insert(&client, "engine_txn_order", session, &doc! { "_id": 2 });
    client.begin(session);
    let again = insert(&client, "engine_txn_order", session, &doc! { "_id": 3 });
    let commit = client.commit(session);
    for pending in [first, outside, again] {
        reply(pending.wait());
    }
    abort.wait().unwrap();
    commit.wait().unwrap();
    let ids: Vec<i32> = client
        .find("engine_txn_order", &doc! {})
        .iter()
        .map(|one| one.get_i32("_id").unwrap())
        .collect();
    assert_eq!(ids, [2, 3]);
}

#[test]
fn only_one_at_a_time() {
    let client = Client::new();
    let session = client.session();
    client.begin(session);
    let error = client.engine.start_transaction(session, "{}").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transaction);
    let snapshot = client.session_with(r#"{"snapshot": true}"#);
    assert_eq!(
        client.engine.start_transaction(snapshot, "{}").unwrap_err().kind,
        ErrorKind::Transaction
    );
}

#[test]
fn a_broken_connection_makes_it_transient() {
    let (client, server) = (prepared("engine_txn_break"), Server::new());
    let session = client.session();
    client.begin(session);
    server.fail(
        &client.app,
        &doc! { "times": 1 },
        doc! { "failCommands": ["insert"], "closeConnection": true },
    );
    let error = insert(&client, "engine_txn_break", session, &doc! { "_id": 1 })
        .wait()
        .unwrap_err();
    assert_eq!(error.labels, ["TransientTransactionError"]);
    client.abort(session).wait().unwrap();
    client.begin(session);
    reply(insert(&client, "engine_txn_break", session, &doc! { "_id": 1 }).wait());
    let failure = doc! { "failCommands": ["commitTransaction"], "closeConnection": true };
    server.fail(&client.app, &doc! { "times": 2 }, failure);
    let error = client.commit(session).wait().unwrap_err();
    assert!(
        error.labels.contains(&"UnknownTransactionCommitResult".into()),
        "{error:?}"
    );
    client.commit(session).wait().unwrap();
    assert_eq!(client.find("engine_txn_break", &doc! {}).len(), 1);
}

#[test]
fn a_cancelled_operation_leaves_no_open_transaction() {
    let (client, server) = (prepared("engine_txn_cancel"), Server::new());
    for first in [true, false] {
        let session = client.session();
        client.begin(session);
        if !first {
            reply(insert(&client, "engine_txn_cancel", session, &doc! { "before": 1 }).wait());
        }
        let failure = doc! { "failCommands": ["insert"], "blockConnection": true, "blockTimeMS": 700 };
        server.fail(&client.app, &doc! { "times": 1 }, failure);
        let start = Instant::now();
        let meta = Meta {
            timeout_ms: Some(150),
            ..Meta::default()
        };
        let body = doc! { "insert": "c", "documents": [{ "late": first }] };
        let late = client.send("engine_txn_cancel", session, Purpose::Write, &body, Some(meta));
        let error = late.wait().unwrap_err();
        assert_eq!((error.kind, error.sent), (ErrorKind::Timeout, true));
        assert!(
            start.elapsed() < Duration::from_millis(500),
            "JavaScript waited {:?}",
            start.elapsed()
        );
        let id = client.info(session).get_document("id").cloned();
        // What comes next in the transaction is told, and told in time.
        let error = insert(&client, "engine_txn_cancel", session, &doc! { "next": 1 })
            .wait()
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Transaction, "{error:?}");
        assert_eq!(
            client.commit(session).wait().unwrap_err().kind,
            ErrorKind::Transaction
        );
        if let Ok(id) = id {
            assert_eq!(server.open_transactions(id.get("id").unwrap()), 0);
        }
        client.begin(session);
        reply(
            insert(
                &client,
                "engine_txn_cancel",
                session,
                &doc! { "afterwards": first },
            )
            .wait(),
        );
        client.commit(session).wait().unwrap();
        client.end(session).wait().unwrap();
    }
    let left: Vec<Document> = client.find("engine_txn_cancel", &doc! {});
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|one| one.contains_key("afterwards")), "{left:?}");
}

#[test]
fn ending_a_session_aborts_its_transaction() {
    let (client, server) = (prepared("engine_txn_end"), Server::new());
    let session = client.session();
    client.begin(session);
    reply(insert(&client, "engine_txn_end", session, &doc! { "_id": 1 }).wait());
    let id = client
        .info(session)
        .get_document("id")
        .unwrap()
        .get("id")
        .unwrap()
        .clone();
    assert_eq!(server.open_transactions(&id), 1);
    client.end(session).wait().unwrap();
    assert_eq!(server.open_transactions(&id), 0);
    assert!(client.engine.session_info(session).is_none());
}

#[test]
fn a_cursor_in_a_transaction_is_read_to_its_end() {
    let client = prepared("engine_txn_cursor");
    let documents: Vec<Document> = (0..12).map(|number| doc! { "_id": number }).collect();
    client
        .write(
            "engine_txn_cursor",
            &doc! { "insert": "c", "documents": documents },
        )
        .unwrap();
    let session = client.session();
    client.begin(session);
    let cursor = handle();
    batch(
        client
            .open(
                cursor,
                "engine_txn_cursor",
                session,
                &doc! { "find": "c", "batchSize": 5 },
            )
            .wait(),
    );
    batch(client.next(cursor).wait());
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 2);
    client.commit(session).wait().unwrap();
}

#[test]
fn carries_its_options_to_the_server() {
    let client = Client::with(&doc! { "monitorCommands": true });
    fresh(&client, "engine_txn_options");
    client.run("engine_txn_options", &doc! { "create": "c" });
    let session =
        client.session_with(r#"{"defaultTransactionOptions": {"readConcern": {"level": "snapshot"}}}"#);
    let options = r#"{"writeConcern": {"w": "majority"}, "maxCommitTimeMS": 4321}"#;
    client.engine.start_transaction(session, options).unwrap();
    reply(insert(&client, "engine_txn_options", session, &doc! { "_id": 1 }).wait());
    client.commit(session).wait().unwrap();
    let command = |name: &str| {
        let events = client.events.of("command");
        let wanted = events.iter().find(|event| {
            event.get_str("name").ok() == Some("commandStarted")
                && event.get_str("commandName").ok() == Some(name)
        });
        wanted.unwrap().get_document("payload").unwrap().clone()
    };
    let first = command("insert");
    assert_eq!(first.get_bool("startTransaction").ok(), Some(true));
    assert_eq!(
        first.get_document("readConcern").unwrap().get_str("level").ok(),
        Some("snapshot")
    );
    let commit = command("commitTransaction");
    assert_eq!(
        commit.get_document("writeConcern").unwrap().get_str("w").ok(),
        Some("majority")
    );
    assert_eq!(
        commit.get("maxTimeMS").and_then(bson::Bson::as_i32),
        Some(4321),
        "{commit}"
    );
    eventually("all came in", Duration::from_secs(1), || {
        client.stats()["operations"]["inFlight"] == 0
    });
}
