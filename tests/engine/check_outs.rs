//! Operations that are given up while they wait for a connection.

use std::time::Duration;

use bson::doc;
use polymongo::engine::{
    error::ErrorKind,
    request::{Meta, Purpose},
};

use crate::support::{Client, Pending, Server, batch, eventually, fresh, handle, reply};

/// What those behind them may take. The driver's pool alone serves one waiting request in half a second, and more than
/// twice as many half seconds are given up here.
const PROMPT: Duration = Duration::from_secs(8);
const GIVEN_UP: usize = 40;

/// Connections, and counting, take longer than anybody here waits.
fn slow_connections(server: &Server, client: &Client) {
    let failure = doc! {
        "failCommands": ["hello", "isMaster", "ismaster", "count", "getMore"],
        "blockConnection": true,
        "blockTimeMS": 800,
    };
    server.fail(&client.app, &doc! { "times": 1_000_000 }, failure);
}

fn ping(client: &Client, timeout_ms: Option<u64>) -> Pending {
    let meta = timeout_ms.map(|timeout_ms| Meta {
        timeout_ms: Some(timeout_ms),
        ..Meta::default()
    });
    client.send("admin", 0, Purpose::Read, &doc! { "ping": 1 }, meta)
}

/// Three operations that take their time: the driver makes two connections at a time, so nobody else gets one meanwhile.
fn busy(client: &Client) -> Vec<Pending> {
    let count = doc! { "count": "c" };
    let busy = (0..3)
        .map(|_| client.send("engine_given_up", 0, Purpose::Read, &count, None))
        .collect();
    eventually("they have what there is", PROMPT, || {
        let pool = client.pool("");
        pool["inUseConnections"] == 1 && pool["totalConnections"] == 3
    });
    busy
}

/// Whoever comes after those who gave up is served.
fn goes_on(client: &Client, server: &Server, busy: Vec<Pending>) {
    server.no_more_failures();
    let fresh = ping(client, None);
    for one in busy {
        reply(one.wait());
    }
    reply(fresh.within(PROMPT));
    for _ in 0..10 {
        reply(ping(client, None).within(PROMPT));
    }
    assert!(client.pool("")["totalConnections"].as_u64() <= Some(60));
}

#[test]
fn operations_that_are_given_up_hold_nobody_up() {
    let config = doc! { "maxPoolSize": 60, "monitorCommands": true };
    let (client, server) = (Client::with(&config), Server::new());
    client.connect(None).wait().unwrap();
    slow_connections(&server, &client);
    let busy = busy(&client);
    let given_up: Vec<Pending> = (0..GIVEN_UP).map(|_| ping(&client, Some(100))).collect();
    for one in given_up {
        let error = one.wait().unwrap_err();
        assert_eq!((error.kind, error.sent), (ErrorKind::Timeout, false));
    }
    goes_on(&client, &server, busy);
    let pings = client.sent("ping");
    assert!(pings < 4 * GIVEN_UP, "{pings} pings");
}

#[test]
fn further_batches_that_are_given_up_hold_nobody_up() {
    let (client, server) = (Client::with(&doc! { "maxPoolSize": 60 }), Server::new());
    let db = "engine_given_up_batches";
    fresh(&client, db);
    let documents: Vec<bson::Document> = (0..4).map(|number| doc! { "_id": number }).collect();
    client
        .write(db, &doc! { "insert": "c", "documents": documents })
        .unwrap();
    let cursors: Vec<i64> = (0..GIVEN_UP).map(|_| handle()).collect();
    for cursor in &cursors {
        let find = doc! { "find": "c", "batchSize": 1 };
        batch(client.open(*cursor, db, 0, &find).wait());
    }
    slow_connections(&server, &client);
    let busy = busy(&client);
    let given_up: Vec<Pending> = cursors
        .into_iter()
        .map(|cursor| {
            let meta = Meta {
                timeout_ms: Some(100),
                ..Meta::default()
            };
            client.submit(|engine, op, done| engine.next_batch(op, cursor, Some(Box::new(meta)), done))
        })
        .collect();
    for one in given_up {
        let error = one.wait().unwrap_err();
        assert_eq!((error.kind, error.sent), (ErrorKind::Timeout, false));
    }
    goes_on(&client, &server, busy);
    eventually("their cursors are closed", PROMPT, || {
        server.open_cursors(&format!("{db}.c")) == 0
    });
}
