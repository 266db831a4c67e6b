use std::time::Duration;

use bson::{Document, doc};
use polymongo::engine::{
    error::ErrorKind,
    request::{Meta, Purpose, Request},
};

use crate::support::{Client, Server, batch, eventually, fresh, handle, raw};

fn filled(client: &Client, db: &str, count: i32) {
    fresh(client, db);
    let documents: Vec<Document> = (0..count).map(|number| doc! { "_id": number }).collect();
    client
        .write(db, &doc! { "insert": "c", "documents": documents })
        .unwrap();
}

#[test]
fn yields_batch_after_batch() {
    let client = Client::new();
    filled(&client, "engine_cursor", 25);
    let cursor = handle();
    let open = client.open(
        cursor,
        "engine_cursor",
        0,
        &doc! { "find": "c", "batchSize": 10, "sort": { "_id": 1 } },
    );
    let (mut all, exhausted) = batch(open.wait());
    assert_eq!((all.len(), exhausted), (10, false));
    let (second, exhausted) = batch(client.next(cursor).wait());
    assert_eq!((second.len(), exhausted), (10, false));
    let (third, exhausted) = batch(client.next(cursor).wait());
    assert_eq!((third.len(), exhausted), (5, true));
    all.extend(second);
    all.extend(third);
    let ids: Vec<i32> = all.iter().map(|one| one.get_i32("_id").unwrap()).collect();
    assert_eq!(ids, (0..25).collect::<Vec<_>>());
    assert_eq!(
        client.next(cursor).wait().unwrap_err().kind,
        ErrorKind::UnknownCursor
    );
    assert_eq!(client.stats()["openCursors"], 0);
}

#[test]
fn takes_the_batch_size_of_an_aggregate_from_its_cursor() {
    let client = Client::new();
    filled(&client, "engine_cursor_aggregate", 7);
    let cursor = handle();
    let body = doc! { "aggregate": "c", "pipeline": [], "cursor": { "batchSize": 3 } };
    assert_eq!(
        batch(client.open(cursor, "engine_cursor_aggregate", 0, &body).wait())
            .0
            .len(),
        3
    );
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 3);
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 1);
}

#[test]
fn an_early_close_kills_the_servers_cursor() {
    let (client, server) = (Client::new(), Server::new());
    filled(&client, "engine_cursor_close", 25);
    let cursor = handle();
    batch(
        client
            .open(
                cursor,
                "engine_cursor_close",
                0,
                &doc! { "find": "c", "batchSize": 5 },
            )
            .wait(),
    );
    assert_eq!(server.open_cursors("engine_cursor_close.c"), 1);
    client.close_cursor(cursor).wait().unwrap();
    eventually("the cursor is killed", Duration::from_secs(2), || {
        server.open_cursors("engine_cursor_close.c") == 0
    });
    client.close_cursor(cursor).wait().unwrap();
    assert_eq!(
        client.next(cursor).wait().unwrap_err().kind,
        ErrorKind::UnknownCursor
    );
}

#[test]
fn a_cursor_of_a_session_is_read_in_the_session() {
    let client = Client::new();
    filled(&client, "engine_cursor_session", 12);
    let session = client.session();
    let cursor = handle();
    batch(
        client
            .open(
                cursor,
                "engine_cursor_session",
                session,
                &doc! { "find": "c", "batchSize": 5 },
            )
            .wait(),
    );
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 5);
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 2);
    client.end(session).wait().unwrap();
    assert_eq!(client.stats()["openSessions"], 0);
}

#[test]
fn many_parked_cursors_hold_no_connection() {
    let client = Client::with(&doc! { "maxPoolSize": 2, "waitQueueTimeoutMS": 5000 });
    filled(&client, "engine_cursor_parked", 10);
    let cursors: Vec<i64> = (0..8).map(|_| handle()).collect();
    for cursor in &cursors {
        batch(
            client
                .open(
                    *cursor,
                    "engine_cursor_parked",
                    0,
                    &doc! { "find": "c", "batchSize": 2 },
                )
                .wait(),
        );
    }
    assert_eq!(client.find("engine_cursor_parked", &doc! {}).len(), 10);
    for cursor in &cursors {
        assert_eq!(batch(client.next(*cursor).wait()).0.len(), 2);
    }
}

#[test]
fn a_tailable_cursor_waits_and_can_be_closed_meanwhile() {
    let client = Client::new();
    let db = "engine_cursor_tail";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c", "capped": true, "size": 4096 });
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    let cursor = handle();
    let meta = Meta {
        max_await_time_ms: Some(20_000),
        ..Meta::default()
    };
    let request = Request {
        db: db.into(),
        session: 0,
        purpose: Purpose::Read,
        body: raw(&doc! { "find": "c", "tailable": true, "awaitData": true }),
        meta: Some(Box::new(meta)),
    };
    let open = client.submit(|engine, op, done| engine.open_cursor(op, cursor, request, done));
    assert_eq!(batch(open.wait()).0.len(), 1);
    let waiting = client.next(cursor);
    std::thread::sleep(Duration::from_millis(200));
    client.insert(db, &doc! { "_id": 2 }).unwrap();
    assert_eq!(batch(waiting.wait()).0[0].get_i32("_id").ok(), Some(2));
    let waiting = client.next(cursor);
    std::thread::sleep(Duration::from_millis(200));
    client.close_cursor(cursor).wait().unwrap();
    assert_eq!(
        waiting.within(Duration::from_secs(2)).unwrap_err().kind,
        ErrorKind::UnknownCursor
    );
}
