use std::time::{Duration, Instant};

use bson::doc;
use polymongo::engine::{error::ErrorKind, request::Purpose};

use crate::support::{Client, Server, batch, eventually, fresh, handle, reply};

fn slow(server: &Server, client: &Client, command: &str, milliseconds: i32) {
    let failure = doc! { "failCommands": [command], "blockConnection": true, "blockTimeMS": milliseconds };
    server.fail(&client.app, &doc! { "times": 1 }, failure);
}

#[test]
fn what_is_running_may_finish_and_new_work_is_refused() {
    let (client, server) = (Client::new(), Server::new());
    let db = "engine_close_drain";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let documents: Vec<bson::Document> = (0..10).map(|number| doc! { "_id": number }).collect();
    client
        .write(db, &doc! { "insert": "c", "documents": documents })
        .unwrap();
    let cursor = handle();
    batch(
        client
            .open(cursor, db, 0, &doc! { "find": "c", "batchSize": 5 })
            .wait(),
    );
    let session = client.session();
    client.begin(session);
    let insert = |number: i32| doc! { "insert": "c", "documents": [{ "_id": number }] };
    reply(
        client
            .send(db, session, Purpose::Write, &insert(100), None)
            .wait(),
    );
    slow(&server, &client, "count", 400);
    let running = client.send(db, 0, Purpose::Read, &doc! { "count": "c" }, None);
    let closing = client.close(r#"{"force": false, "timeoutMS": 5000, "refuse": true}"#);
    // Not accepted any more…
    assert_eq!(client.insert(db, &doc! {}).unwrap_err().kind, ErrorKind::Closed);
    assert_eq!(
        client.engine.start_session(handle(), "{}").unwrap_err().kind,
        ErrorKind::Closed
    );
    assert_eq!(client.connect(None).wait().unwrap_err().kind, ErrorKind::Closed);
    assert_eq!(client.stats()["state"], "closing");
    // …but what was open goes on.
    reply(
        client
            .send(db, session, Purpose::Write, &insert(101), None)
            .wait(),
    );
    client.commit(session).wait().unwrap();
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 5);
    assert!(batch(client.next(cursor).wait()).1);
    reply(running.wait());
    let report = reply(closing.wait());
    assert_eq!(
        (report.get_i64("drained").ok(), report.get_i64("cancelled").ok()),
        (Some(3), Some(0))
    );
    assert_eq!(client.stats()["state"], "closed");
    let again = reply(client.close(r#"{"refuse": true}"#).wait());
    assert_eq!(again, doc! { "drained": 0_i64, "cancelled": 0_i64 });
    client.engine.reopen();
    assert_eq!(client.find(db, &doc! {}).len(), 12);
}

#[test]
fn after_the_deadline_the_rest_is_cancelled() {
    let (client, server) = (Client::new(), Server::new());
    let db = "engine_close_deadline";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let documents: Vec<bson::Document> = (0..10).map(|number| doc! { "_id": number }).collect();
    client
        .write(db, &doc! { "insert": "c", "documents": documents })
        .unwrap();
    let cursor = handle();
    batch(
        client
            .open(cursor, db, 0, &doc! { "find": "c", "batchSize": 5 })
            .wait(),
    );
    let session = client.session();
    client.begin(session);
    let insert = doc! { "insert": "c", "documents": [{ "_id": 100 }] };
    reply(client.send(db, session, Purpose::Write, &insert, None).wait());
    let id = client
        .info(session)
        .get_document("id")
        .unwrap()
        .get("id")
        .unwrap()
        .clone();
    let stream = handle();
    client
        .watch(stream, Some(db), Some("c"), &doc! {})
        .wait()
        .unwrap();
    // The first answer is the token that the stream begins with.
    client.changes(stream).wait().unwrap();
    let watching = client.changes(stream);
    slow(&server, &client, "count", 5000);
    let running = client.send(db, 0, Purpose::Read, &doc! { "count": "c" }, None);
    std::thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    let (one, other) = (
        client.close(r#"{"timeoutMS": 400}"#),
        client.close(r#"{"timeoutMS": 400}"#),
    );
    assert_eq!(
        watching.within(Duration::from_secs(2)).unwrap_err().kind,
        ErrorKind::UnknownCursor
    );
    assert_eq!(running.wait().unwrap_err().kind, ErrorKind::Closed);
    let report = reply(one.wait());
    assert_eq!(
        (report.get_i64("drained").ok(), report.get_i64("cancelled").ok()),
        (Some(0), Some(3)),
        "{report}"
    );
    reply(other.wait());
    assert!(
        start.elapsed() > Duration::from_millis(390) && start.elapsed() < Duration::from_secs(4),
        "{start:?}"
    );
    assert_eq!(server.open_transactions(&id), 0);
    assert_eq!(server.open_cursors(&format!("{db}.c")), 0);
    assert_eq!(
        client.next(cursor).wait().unwrap_err().kind,
        ErrorKind::UnknownCursor
    );
    // Nothing was refused: the next use opens again.
    assert_eq!(client.find(db, &doc! {}).len(), 10);
}

#[test]
fn a_forced_close_waits_for_nobody_not_even_in_a_transaction() {
    let (client, server) = (Client::new(), Server::new());
    let db = "engine_close_force";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let session = client.session();
    client.begin(session);
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    slow(&server, &client, "insert", 6000);
    let blocked = client.send(db, session, Purpose::Write, &insert, None);
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    let report = reply(client.close(r#"{"force": true, "refuse": true}"#).wait());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(report.get_i64("cancelled").unwrap() >= 1, "{report}");
    assert_eq!(blocked.wait().unwrap_err().kind, ErrorKind::Closed);
    eventually("no socket is left", Duration::from_secs(8), || {
        server.connections(&client.app).is_empty()
    });
    assert!(Client::new().find(db, &doc! {}).is_empty());
}

#[test]
fn forced_closes_may_come_together() {
    let (client, server) = (Client::new(), Server::new());
    let db = "engine_close_together";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let session = client.session();
    client.begin(session);
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    reply(client.send(db, session, Purpose::Write, &insert, None).wait());
    slow(&server, &client, "count", 2000);
    let blocked = client.send(db, 0, Purpose::Read, &doc! { "count": "c" }, None);
    eventually("it is sent", Duration::from_secs(5), || {
        client.pool("")["inUseConnections"] == 1
    });
    let options = r#"{"force": true, "refuse": true}"#;
    let closing: Vec<_> = (0..4).map(|_| client.close(options)).collect();
    for one in closing {
        let report = reply(one.within(Duration::from_secs(5)));
        assert_eq!(
            report,
            doc! { "drained": 0_i64, "cancelled": 2_i64 },
            "what all of them found running"
        );
    }
    assert_eq!(blocked.wait().unwrap_err().kind, ErrorKind::Closed);
    let id = client.engine.session_info(session);
    assert!(id.is_none(), "{id:?}");
    eventually("no socket is left", Duration::from_secs(8), || {
        server.connections(&client.app).is_empty()
    });
    client.engine.reopen();
    assert!(client.find(db, &doc! {}).is_empty());
}

#[test]
fn what_was_started_during_a_close_is_not_touched_by_it() {
    let (client, server) = (Client::new(), Server::new());
    let db = "engine_close_reuse";
    fresh(&client, db);
    slow(&server, &client, "count", 600);
    let running = client.send(db, 0, Purpose::Read, &doc! { "count": "c" }, None);
    std::thread::sleep(Duration::from_millis(100));
    let closing = client.close(r#"{"timeoutMS": 200}"#);
    let session = client.session();
    for number in 0..20 {
        let insert = doc! { "insert": "c", "documents": [{ "_id": number }] };
        reply(client.send(db, session, Purpose::Write, &insert, None).wait());
    }
    assert_eq!(running.wait().unwrap_err().kind, ErrorKind::Closed);
    reply(closing.wait());
    assert_eq!(client.find_in(db, session, &doc! {}).len(), 20);
}

#[test]
fn clients_come_and_go_without_a_trace() {
    let server = Server::new();
    let mut apps = Vec::new();
    for round in 0..12 {
        let client = Client::with(&doc! { "maxPoolSize": 3 });
        client
            .configure(&["engine_close_own"], Some(&doc! { "maxPoolSize": 2 }))
            .wait()
            .unwrap();
        let pending: Vec<_> = ["engine_close_a", "engine_close_own"]
            .iter()
            .map(|db| client.insert(db, &doc! {}))
            .collect();
        assert!(pending.iter().all(Result::is_ok));
        let stream = handle();
        client
            .watch(stream, Some("engine_close_a"), None, &doc! {})
            .wait()
            .unwrap();
        apps.push(client.app.clone());
        if round % 2 == 0 {
            reply(client.close(r#"{"refuse": true}"#).wait());
        } else {
            client.engine.dispose();
        }
    }
    for app in apps {
        for app in [app.clone(), format!("{app} streams")] {
            eventually("no socket is left", Duration::from_secs(6), || {
                server.connections(&app).is_empty()
            });
        }
    }
}
