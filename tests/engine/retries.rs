use bson::doc;
use polymongo::engine::{error::ErrorKind, request::Purpose};

use crate::support::{Client, Server, fresh, reply};

/// One write against one failure; the document must have changed exactly once.
fn written_once(db: &str, times: i32, failure: bson::Document) {
    let (client, server) = (Client::new(), Server::new());
    fresh(&client, db);
    client.insert(db, &doc! { "_id": 1, "n": 0 }).unwrap();
    server.fail(&client.app, &doc! { "times": times }, failure);
    let update = doc! { "update": "c", "updates": [{ "q": { "_id": 1 }, "u": { "$inc": { "n": 1 } } }] };
    let reply = reply(client.write(db, &update));
    assert_eq!(reply.get_i32("n").ok(), Some(1), "{reply}");
    assert!(!reply.contains_key("writeConcernError"), "{reply}");
    assert_eq!(client.find(db, &doc! {})[0].get_i32("n").ok(), Some(1));
    assert!(client.stats()["operations"]["retried"].as_u64().unwrap() >= 1);
}

#[test]
fn a_numbered_write_survives_a_closed_connection() {
    written_once(
        "engine_retry_close",
        1,
        doc! { "failCommands": ["update"], "closeConnection": true },
    );
}

#[test]
fn a_numbered_write_survives_several_closed_connections() {
    written_once(
        "engine_retry_close3",
        3,
        doc! { "failCommands": ["update"], "closeConnection": true },
    );
}

#[test]
fn a_numbered_write_survives_a_labelled_error() {
    let failure =
        doc! { "failCommands": ["update"], "errorCode": 10107, "errorLabels": ["RetryableWriteError"] };
    written_once("engine_retry_label", 1, failure);
}

#[test]
fn a_numbered_write_survives_a_labelled_write_concern_error() {
    let failure = doc! {
        "failCommands": ["update"],
        "writeConcernError": { "code": 91, "errmsg": "shutting down" },
        "errorLabels": ["RetryableWriteError"],
    };
    written_once("engine_retry_wce", 1, failure);
}

#[test]
fn a_read_survives_and_so_does_the_opening_of_a_cursor() {
    let (client, server) = (Client::new(), Server::new());
    fresh(&client, "engine_retry_read");
    client.insert("engine_retry_read", &doc! { "_id": 1 }).unwrap();
    for failure in [doc! { "closeConnection": true }, doc! { "errorCode": 91 }] {
        let mut failure = failure;
        failure.insert("failCommands", vec!["find", "count"]);
        server.fail(&client.app, &doc! { "times": 1 }, failure.clone());
        assert_eq!(client.find("engine_retry_read", &doc! {}).len(), 1);
        server.fail(&client.app, &doc! { "times": 1 }, failure);
        let count = client.send(
            "engine_retry_read",
            0,
            Purpose::Read,
            &doc! { "count": "c" },
            None,
        );
        assert_eq!(reply(count.wait()).get_i32("n").ok(), Some(1));
    }
}

#[test]
fn an_unnumbered_write_is_sent_once_and_says_so() {
    let (client, server) = (Client::new(), Server::new());
    fresh(&client, "engine_retry_once");
    server.fail(
        &client.app,
        &doc! { "times": 1 },
        doc! { "failCommands": ["update"], "closeConnection": true },
    );
    let body = doc! { "update": "c", "updates": [{ "q": {}, "u": { "$inc": { "n": 1 } }, "multi": true }] };
    let error = client
        .send("engine_retry_once", 0, Purpose::Once, &body, None)
        .wait()
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.sent && error.address.is_some());
    assert!(error.labels.is_empty(), "{:?}", error.labels);
}

#[test]
fn the_last_failure_of_a_numbered_write_carries_its_label() {
    let (client, server) = (Client::new(), Server::new());
    fresh(&client, "engine_retry_always");
    server.fail(
        &client.app,
        &doc! { "times": 6 },
        doc! { "failCommands": ["insert"], "closeConnection": true },
    );
    let error = client
        .insert("engine_retry_always", &doc! { "_id": 1 })
        .unwrap_err();
    assert!(
        matches!(error.kind, ErrorKind::Network | ErrorKind::PoolCleared),
        "{error:?}"
    );
    assert_eq!(error.labels, ["RetryableWriteError"]);
    // Six attempts, not one more.
    client.insert("engine_retry_always", &doc! { "_id": 1 }).unwrap();
}

#[test]
fn without_retry_writes_nothing_is_numbered() {
    let (client, server) = (Client::with(&doc! { "retryWrites": false }), Server::new());
    fresh(&client, "engine_retry_off");
    server.fail(
        &client.app,
        &doc! { "times": 1 },
        doc! { "failCommands": ["insert"], "closeConnection": true },
    );
    assert!(client.insert("engine_retry_off", &doc! { "_id": 1 }).is_err());
    assert_eq!(client.pool("")["writeSessions"], 0);
}

#[test]
fn an_unacknowledged_write_is_not_numbered() {
    let client = Client::with(&doc! { "monitorCommands": true });
    fresh(&client, "engine_retry_w0");
    let body = doc! { "insert": "c", "documents": [{ "_id": 1 }], "writeConcern": { "w": 0 } };
    client.write("engine_retry_w0", &body).unwrap();
    client.insert("engine_retry_w0", &doc! { "_id": 2 }).unwrap();
    let sent: Vec<bson::Document> = client
        .events
        .of("command")
        .into_iter()
        .filter(|event| {
            event.get_str("name").ok() == Some("commandStarted")
                && event.get_str("commandName").ok() == Some("insert")
        })
        .map(|event| event.get_document("payload").unwrap().clone())
        .collect();
    assert!(!sent[0].contains_key("txnNumber"), "{}", sent[0]);
    assert!(sent[1].get_i64("txnNumber").unwrap() >= 1 << 40, "{}", sent[1]);
}
