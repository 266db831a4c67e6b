use std::time::{Duration, Instant};

use bson::doc;
use polymongo::engine::{
    error::ErrorKind,
    request::{Meta, Purpose},
};

use crate::support::{Client, Server, batch, eventually, fresh, handle, reply};

#[allow(clippy::unnecessary_wraps)]
fn timeout(milliseconds: u64) -> Option<Meta> {
    Some(Meta {
        timeout_ms: Some(milliseconds),
        ..Meta::default()
    })
}

fn slow(server: &Server, client: &Client, command: &str, milliseconds: i32) {
    let failure = doc! { "failCommands": [command], "blockConnection": true, "blockTimeMS": milliseconds };
    server.fail(&client.app, &doc! { "times": 1 }, failure);
}

#[test]
fn a_deadline_ends_an_operation_and_says_whether_it_was_sent() {
    let (client, server) = (Client::with(&doc! { "maxPoolSize": 1 }), Server::new());
    fresh(&client, "engine_deadline");
    slow(&server, &client, "ping", 800);
    let sent = client.send(
        "engine_deadline",
        0,
        Purpose::Read,
        &doc! { "ping": 1 },
        timeout(300),
    );
    let queued = client.send(
        "engine_deadline",
        0,
        Purpose::Read,
        &doc! { "ping": 1 },
        timeout(100),
    );
    let queued = queued.wait().unwrap_err();
    assert_eq!((queued.kind, queued.sent), (ErrorKind::Timeout, false));
    let sent = sent.wait().unwrap_err();
    assert_eq!((sent.kind, sent.sent), (ErrorKind::Timeout, true));
    assert!(sent.address.is_some());
    // The connection was given up, the place in the pool was not.
    reply(
        client
            .send("engine_deadline", 0, Purpose::Read, &doc! { "ping": 1 }, None)
            .wait(),
    );
    eventually("the connection is gone", Duration::from_secs(2), || {
        client.pool("")["droppedConnections"] == 1
    });
    assert_eq!(client.pool("")["totalConnections"], 1);
}

#[test]
fn the_clients_timeout_holds_unless_the_operation_has_its_own() {
    let (client, server) = (Client::with(&doc! { "timeoutMS": 200 }), Server::new());
    client.connect(None).wait().unwrap();
    slow(&server, &client, "ping", 500);
    let pending = client.send("engine_deadline", 0, Purpose::Read, &doc! { "ping": 1 }, None);
    assert_eq!(pending.wait().unwrap_err().kind, ErrorKind::Timeout);
    slow(&server, &client, "ping", 500);
    reply(
        client
            .send(
                "engine_deadline",
                0,
                Purpose::Read,
                &doc! { "ping": 1 },
                timeout(5000),
            )
            .wait(),
    );
}

#[test]
fn a_cancelled_write_happens_at_most_once_and_its_session_is_kept_apart() {
    let (client, server) = (Client::new(), Server::new());
    fresh(&client, "engine_cancel");
    client.insert("engine_cancel", &doc! { "_id": 0 }).unwrap();
    slow(&server, &client, "insert", 600);
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    let pending = client.send("engine_cancel", 0, Purpose::Write, &insert, None);
    std::thread::sleep(Duration::from_millis(150));
    client.engine.cancel(pending.op);
    let error = pending.wait().unwrap_err();
    assert_eq!((error.kind, error.sent), (ErrorKind::Aborted, true));
    eventually("it is kept apart", Duration::from_secs(1), || {
        client.pool("")["quarantinedSessions"] == 1
    });
    let start = Instant::now();
    client.insert("engine_cancel", &doc! { "_id": 2 }).unwrap();
    assert!(
        start.elapsed() < Duration::from_millis(400),
        "it waited behind the cancelled one"
    );
    client.engine.cancel(4_000_000_000);
}

#[test]
fn who_waits_too_long_for_a_connection_is_turned_away() {
    let (client, server) = (
        Client::with(&doc! { "maxPoolSize": 1, "waitQueueTimeoutMS": 150 }),
        Server::new(),
    );
    client.connect(None).wait().unwrap();
    slow(&server, &client, "ping", 700);
    let first = client.send("engine_queue", 0, Purpose::Read, &doc! { "ping": 1 }, None);
    let second = client.send("engine_queue", 0, Purpose::Read, &doc! { "ping": 1 }, None);
    let error = second.wait().unwrap_err();
    assert_eq!((error.kind, error.sent), (ErrorKind::WaitQueueTimeout, false));
    reply(first.wait());
}

#[test]
fn a_socket_timeout_ends_an_attempt_not_the_operation() {
    let (client, server) = (Client::with(&doc! { "socketTimeoutMS": 300 }), Server::new());
    fresh(&client, "engine_socket");
    client.connect(None).wait().unwrap();
    slow(&server, &client, "count", 700);
    reply(
        client
            .send("engine_socket", 0, Purpose::Read, &doc! { "count": "c" }, None)
            .wait(),
    );
    slow(&server, &client, "getLog", 700);
    let error = client
        .send("admin", 0, Purpose::Once, &doc! { "getLog": "global" }, None)
        .wait()
        .unwrap_err();
    assert_eq!((error.kind, error.sent), (ErrorKind::NetworkTimeout, true));
    assert!(client.stats()["operations"]["retried"].as_u64() >= Some(1));
}

#[test]
fn everything_that_is_submitted_is_answered_and_nothing_is_left_behind() {
    let client = Client::with(&doc! { "maxPoolSize": 3, "waitQueueTimeoutMS": 400 });
    let db = "engine_storm";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let documents: Vec<bson::Document> = (0..50).map(|number| doc! { "_id": number }).collect();
    client
        .write(db, &doc! { "insert": "c", "documents": documents })
        .unwrap();
    let mut pending = Vec::new();
    let mut sessions = Vec::new();
    let mut cursors = Vec::new();
    for round in 0..600_u64 {
        let operation = match round % 6 {
            0 => {
                let update =
                    doc! { "update": "c", "updates": [{ "q": { "_id": 1 }, "u": { "$inc": { "n": 1 } } }] };
                client.send(db, 0, Purpose::Write, &update, timeout(1 + round % 40))
            }
            1 => {
                cursors.push(handle());
                let cursor = *cursors.last().unwrap();
                client.open(cursor, db, 0, &doc! { "find": "c", "batchSize": 2 })
            }
            2 => match cursors.get(cursors.len() / 2) {
                Some(cursor) => client.next(*cursor),
                None => client.close_cursor(1),
            },
            3 => {
                let session = client.session();
                sessions.push(session);
                client.begin(session);
                let insert = doc! { "insert": "c", "documents": [{ "in": session }] };
                client.send(db, session, Purpose::Write, &insert, timeout(5 + round % 60))
            }
            4 => {
                let session = *sessions.last().unwrap();
                client.commit(session)
            }
            _ => client.send(db, 0, Purpose::Read, &doc! { "count": "c" }, None),
        };
        if round % 7 == 0 {
            client.engine.cancel(operation.op);
        }
        pending.push(operation);
    }
    for cursor in &cursors {
        pending.push(client.close_cursor(*cursor));
    }
    for session in &sessions {
        pending.push(client.end(*session));
    }
    for one in pending {
        // Most succeed, some are cancelled or too late: all are answered.
        let _ = one.wait();
    }
    for cursor in cursors {
        client.close_cursor(cursor).wait().unwrap();
    }
    let stats = || client.stats();
    eventually("nothing is held", Duration::from_secs(5), || {
        client.pool("")["leases"] == 0
    });
    let stats = stats();
    assert_eq!(stats["operations"]["inFlight"], 0);
    assert_eq!(
        (&stats["openSessions"], &stats["openCursors"]),
        (&0.into(), &0.into())
    );
    assert_eq!(client.pool("")["waitQueueSize"], 0);
    assert_eq!(
        reply(
            client
                .send(db, 0, Purpose::Read, &doc! { "ping": 1 }, None)
                .wait()
        )
        .get_f64("ok")
        .ok(),
        Some(1.0)
    );
    // No transaction is left that would block the drop.
    fresh(&client, db);
}

#[test]
fn thousands_that_wait_hold_no_session_and_are_not_sent_when_they_are_too_late() {
    let (client, server) = (
        Client::with(&doc! { "maxPoolSize": 10, "waitQueueTimeoutMS": 1000, "monitorCommands": true }),
        Server::new(),
    );
    let db = "engine_thousands";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let failure = doc! { "failCommands": ["insert"], "blockConnection": true, "blockTimeMS": 2500 };
    server.fail(&client.app, &doc! { "times": 10 }, failure);
    let insert = |number: i32| doc! { "insert": "c", "documents": [{ "_id": number }] };
    let submit = |number: i32, meta| client.send(db, 0, Purpose::Write, &insert(number), meta);
    let sent: Vec<_> = (0..10).map(|number| submit(number, None)).collect();
    let waiting: Vec<_> = (10..10_000)
        .map(|number| submit(number, (number % 2 == 0).then(|| timeout(300)).flatten()))
        .collect();
    eventually("all are in the queue", Duration::from_secs(5), || {
        client.pool("")["inUseConnections"] == 10
    });
    for (number, one) in (10..).zip(waiting) {
        let error = one.wait().unwrap_err();
        assert!(!error.sent, "{error:?}");
        // On a busy machine both may have passed when somebody looks.
        let expected = match error.kind {
            ErrorKind::Timeout => number % 2 == 0,
            kind => kind == ErrorKind::WaitQueueTimeout,
        };
        assert!(expected, "{error:?}");
    }
    for one in sent {
        reply(one.wait());
    }
    assert_eq!(client.sent("insert"), 10);
    assert_eq!(client.find(db, &doc! {}).len(), 10);
    assert_eq!(client.pool("")["writeSessions"], 10);
}

#[test]
fn thousands_are_served_in_the_order_of_the_calls() {
    let client = Client::with(&doc! { "maxPoolSize": 1, "monitorCommands": true });
    let db = "engine_order";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let pending: Vec<_> = (0..2000)
        .map(|number| {
            let insert = doc! { "insert": "c", "documents": [{ "_id": number }] };
            client.send(db, 0, Purpose::Write, &insert, None)
        })
        .collect();
    for one in pending {
        reply(one.wait());
    }
    let ids: Vec<i32> = client
        .open(
            handle(),
            db,
            0,
            &doc! { "find": "c", "sort": { "$natural": 1 }, "batchSize": 3000 },
        )
        .wait()
        .map(|outcome| batch(Ok(outcome)).0)
        .unwrap()
        .iter()
        .map(|one| one.get_i32("_id").unwrap())
        .collect();
    assert_eq!(ids, (0..2000).collect::<Vec<_>>());
    assert_eq!(client.pool("")["writeSessions"], 1);
}
