use std::time::{Duration, Instant};

use bson::doc;
use polymongo::engine::{error::ErrorKind, request::Purpose};

use crate::support::{Client, Pending, Server, batch, eventually, fresh, handle, reply, uri};

fn find(client: &Client, db: &str) -> Pending {
    client.open(handle(), db, 0, &doc! { "find": "c" })
}

#[test]
fn nothing_is_opened_before_the_first_use() {
    let client = Client::new();
    assert_eq!(client.stats()["state"], "idle");
    assert_eq!(client.pool("")["totalConnections"], 0);
    client
        .configure(&["engine_pool_idle"], Some(&doc! { "maxPoolSize": 2 }))
        .wait()
        .unwrap();
    assert_eq!(client.pool("engine_pool_idle")["state"], "idle");
}

#[test]
fn never_more_sockets_than_asked_for() {
    let (client, server) = (Client::with(&doc! { "maxPoolSize": 4 }), Server::new());
    fresh(&client, "engine_pool_max");
    client.insert("engine_pool_max", &doc! { "_id": 1 }).unwrap();
    let pending: Vec<Pending> = (0..200).map(|_| find(&client, "engine_pool_max")).collect();
    // The driver's two monitors of the server are connections too.
    let most = (0..5)
        .map(|_| server.connections(&client.app).len())
        .max()
        .unwrap();
    for one in pending {
        batch(one.wait());
    }
    assert!(most <= 4 + 2, "{most}");
    let pool = client.pool("");
    assert_eq!(pool["totalConnections"], 4, "{pool}");
    assert_eq!(pool["leases"], 0);
    let in_use = || client.pool("")["inUseConnections"].clone();
    eventually("all connections are back", Duration::from_secs(1), || {
        in_use() == 0
    });
}

#[test]
fn a_dedicated_pool_serves_its_database_alone() {
    let client = Client::new();
    let db = "engine_pool_own";
    fresh(&client, db);
    client
        .configure(&[db], Some(&doc! { "maxPoolSize": 3 }))
        .wait()
        .unwrap();
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    let own = client.pool(db);
    assert_eq!(
        (&own["state"], &own["maxPoolSize"]),
        (&"connected".into(), &3.into())
    );
    assert!(own["totalConnections"].as_u64() >= Some(1));
    assert_eq!(client.connect(Some(db)).wait().map(|_| ()).ok(), Some(()));
    client.configure(&[db], None).wait().unwrap();
    eventually("it is closed", Duration::from_secs(3), || {
        client.events.of("poolClosed").len() == 1
    });
    assert_eq!(client.find(db, &doc! {}).len(), 1);
}

#[test]
fn an_idle_pool_closes_and_comes_back() {
    let client = Client::new();
    let db = "engine_pool_ttl";
    fresh(&client, db);
    let options = doc! { "maxPoolSize": 2, "autoClose": true, "ttl": 300 };
    client.configure(&[db], Some(&options)).wait().unwrap();
    let documents: Vec<bson::Document> = (0..10).map(|number| doc! { "_id": number }).collect();
    client
        .write(db, &doc! { "insert": "c", "documents": documents })
        .unwrap();
    // An open cursor is a use.
    let cursor = handle();
    batch(
        client
            .open(cursor, db, 0, &doc! { "find": "c", "batchSize": 4 })
            .wait(),
    );
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(client.pool(db)["state"], "connected");
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 4);
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 2);
    let start = Instant::now();
    eventually("it is closed", Duration::from_secs(3), || {
        client.pool(db)["state"] == "closed"
    });
    assert!(start.elapsed() > Duration::from_millis(200));
    eventually("it is told", Duration::from_secs(2), || {
        !client.events.of("poolClosed").is_empty()
    });
    assert_eq!(
        client.events.of("poolClosed")[0].get_str("reason").ok(),
        Some("ttl")
    );
    assert_eq!(client.find(db, &doc! {}).len(), 10);
    assert_eq!(client.pool(db)["generation"], 2);
}

#[test]
fn a_change_stream_and_a_transaction_keep_a_pool_open() {
    let client = Client::new();
    let db = "engine_pool_lease";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    client
        .configure(&[db], Some(&doc! { "autoClose": true, "ttl": 200 }))
        .wait()
        .unwrap();
    let session = client.session();
    client.begin(session);
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    reply(client.send(db, session, Purpose::Write, &insert, None).wait());
    std::thread::sleep(Duration::from_millis(600));
    client.commit(session).wait().unwrap();
    client.end(session).wait().unwrap();
    let stream = handle();
    client
        .watch(stream, Some(db), Some("c"), &doc! {})
        .wait()
        .unwrap();
    client.insert(db, &doc! { "_id": 2 }).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(client.pool(db)["state"], "connected");
    client.close_stream(stream).wait().unwrap();
    eventually("it is closed", Duration::from_secs(3), || {
        client.pool(db)["state"] == "closed"
    });
}

#[test]
fn a_pool_changes_its_size_under_load_without_a_failure() {
    let (client, server) = (Client::new(), Server::new());
    let db = "engine_pool_resize";
    fresh(&client, db);
    client
        .configure(&[db], Some(&doc! { "maxPoolSize": 2 }))
        .wait()
        .unwrap();
    client.insert(db, &doc! { "_id": 1, "n": 0 }).unwrap();
    let cursor = handle();
    for number in 2..8 {
        client.insert(db, &doc! { "_id": number }).unwrap();
    }
    batch(
        client
            .open(cursor, db, 0, &doc! { "find": "c", "batchSize": 2 })
            .wait(),
    );
    let mut pending = Vec::new();
    let update = doc! { "update": "c", "updates": [{ "q": { "_id": 1 }, "u": { "$inc": { "n": 1 } } }] };
    let mut done = 0;
    for size in [5, 1, 4] {
        for _ in 0..40 {
            pending.push(client.send(db, 0, Purpose::Write, &update, None));
        }
        let resize = client.configure(&[db], Some(&doc! { "maxPoolSize": size }));
        for _ in 0..40 {
            pending.push(client.send(db, 0, Purpose::Write, &update, None));
        }
        resize.wait().unwrap();
        done += 80;
        assert_eq!(client.pool(db)["maxPoolSize"], size);
    }
    for one in pending {
        reply(one.wait());
    }
    assert_eq!(
        client.find(db, &doc! { "_id": 1 })[0].get_i32("n").ok(),
        Some(done)
    );
    // The cursor goes on where it was opened.
    assert_eq!(batch(client.next(cursor).wait()).0.len(), 2);
    client.close_cursor(cursor).wait().unwrap();
    let closed = || client.events.of("poolClosed").len();
    eventually("the old ones are closed", Duration::from_secs(5), || {
        closed() == 3
    });
    let sockets = || server.connections(&client.app).len();
    eventually("their sockets too", Duration::from_secs(2), || {
        sockets() <= 10 + 2 + 4 + 2
    });
    assert_eq!(client.pool(db)["generation"], 4);
}

#[test]
fn a_change_that_cannot_serve_leaves_the_pool_as_it_was() {
    let client = Client::new();
    let db = "engine_pool_bad";
    fresh(&client, db);
    client
        .configure(&[db], Some(&doc! { "maxPoolSize": 2 }))
        .wait()
        .unwrap();
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    let bad = doc! { "uri": "mongodb://127.0.0.1:9/", "serverSelectionTimeoutMS": 600 };
    let error = client.configure(&[db], Some(&bad)).wait().unwrap_err();
    assert_eq!(error.kind, ErrorKind::ServerSelection);
    assert_eq!(client.find(db, &doc! {}).len(), 1);
    assert_eq!(client.pool(db)["maxPoolSize"], 2);
}

#[test]
fn an_idle_session_moves_with_its_pool() {
    let client = Client::new();
    let db = "engine_pool_session";
    fresh(&client, db);
    client
        .configure(&[db], Some(&doc! { "maxPoolSize": 2 }))
        .wait()
        .unwrap();
    let session = client.session();
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    reply(client.send(db, session, Purpose::Write, &insert, None).wait());
    let before = client.info(session).get_timestamp("operationTime").unwrap();
    client
        .configure(&[db], Some(&doc! { "maxPoolSize": 3 }))
        .wait()
        .unwrap();
    eventually("the old one is closed", Duration::from_secs(3), || {
        client.events.of("poolClosed").len() == 1
    });
    assert_eq!(client.find_in(db, session, &doc! {}).len(), 1);
    assert!(client.info(session).get_timestamp("operationTime").unwrap() >= before);
    client.close_pool(db).wait().unwrap();
    assert_eq!(client.find_in(db, session, &doc! {}).len(), 1);
}

#[test]
fn a_session_crosses_pools_of_its_cluster_and_no_others() {
    let client = Client::new();
    let (shared, own, elsewhere) = ("engine_cross_a", "engine_cross_b", "engine_cross_c");
    for db in [shared, own] {
        fresh(&client, db);
        client.run(db, &doc! { "create": "c" });
    }
    client
        .configure(&[own], Some(&doc! { "uri": uri() }))
        .wait()
        .unwrap();
    client
        .configure(&[elsewhere], Some(&doc! { "uri": "mongodb://127.0.0.1:9/" }))
        .wait()
        .unwrap();
    let session = client.session();
    client.begin(session);
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    reply(client.send(shared, session, Purpose::Write, &insert, None).wait());
    reply(client.send(own, session, Purpose::Write, &insert, None).wait());
    let error = client
        .send(elsewhere, session, Purpose::Write, &insert, None)
        .wait()
        .unwrap_err();
    assert_eq!((error.kind, error.sent), (ErrorKind::CrossCluster, false));
    client.commit(session).wait().unwrap();
    assert_eq!(client.find(own, &doc! {}).len(), 1);
}

#[test]
fn a_closed_pool_reopens_at_its_next_use() {
    let client = Client::new();
    let db = "engine_pool_close";
    fresh(&client, db);
    client
        .configure(&[db], Some(&doc! { "maxPoolSize": 2 }))
        .wait()
        .unwrap();
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    client.close_pool(db).wait().unwrap();
    assert_eq!(client.pool(db)["state"], "closed");
    assert_eq!(
        client.events.of("poolClosed")[0].get_str("reason").ok(),
        Some("close")
    );
    client.close_pool(db).wait().unwrap();
    client.close_pool("engine_pool_unknown").wait().unwrap();
    assert_eq!(client.find(db, &doc! {}).len(), 1);
}

#[test]
fn statistics_count() {
    let client = Client::new();
    fresh(&client, "engine_stats");
    client.insert("engine_stats", &doc! { "_id": 1 }).unwrap();
    let _ = client
        .send("engine_stats", 0, Purpose::Once, &doc! { "colour": 1 }, None)
        .wait();
    let stats = client.stats();
    assert_eq!(stats["operations"]["succeeded"], 2);
    assert_eq!(stats["operations"]["failed"], 1);
    assert_eq!(stats["operations"]["inFlight"], 0);
    let database = &stats["databases"][0];
    assert_eq!(
        (&database["name"], &database["operations"]),
        (&"engine_stats".into(), &3.into())
    );
    assert_eq!(
        stats["pools"][0]["setName"],
        reply(client.connect(None).wait()).get_str("setName").unwrap()
    );
}
