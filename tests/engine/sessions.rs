use bson::{Bson, Document, doc};
use polymongo::engine::{error::ErrorKind, request::Purpose};

use crate::support::{Client, fresh, raw, reply};

fn started(client: &Client, name: &str) -> Vec<Document> {
    let events = client.events.of("command").into_iter();
    events
        .filter(|event| {
            event.get_str("name").ok() == Some("commandStarted")
                && event.get_str("commandName").ok() == Some(name)
        })
        .map(|event| event.get_document("payload").unwrap().clone())
        .collect()
}

fn after(command: &Document) -> Option<bson::Timestamp> {
    command
        .get_document("readConcern")
        .ok()?
        .get_timestamp("afterClusterTime")
        .ok()
}

#[test]
fn reads_and_writes_wait_for_what_the_session_has_seen() {
    let client = Client::with(&doc! { "monitorCommands": true });
    let db = "engine_session_causal";
    fresh(&client, db);
    let session = client.session();
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    reply(client.send(db, session, Purpose::Write, &insert, None).wait());
    let written = client.info(session).get_timestamp("operationTime").unwrap();
    assert_eq!(client.find_in(db, session, &doc! {}).len(), 1);
    assert_eq!(after(&started(&client, "find")[0]), Some(written));
    // Every command that the official drivers send it with must be accepted with it.
    let commands = [
        doc! { "insert": "c", "documents": [{ "_id": 2 }] },
        doc! { "update": "c", "updates": [{ "q": { "_id": 1 }, "u": { "$set": { "a": 1 } } }] },
        doc! { "delete": "c", "deletes": [{ "q": { "_id": 2 }, "limit": 1 }] },
        doc! { "findAndModify": "c", "query": { "_id": 1 }, "update": { "$set": { "a": 2 } } },
        doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_1" }] },
        doc! { "create": "d" },
        doc! { "dropIndexes": "c", "index": "a_1" },
        doc! { "count": "c" },
        doc! { "distinct": "c", "key": "a" },
        doc! { "drop": "d" },
        doc! { "dropDatabase": 1 },
    ];
    for command in commands {
        let name = command.keys().next().unwrap().clone();
        let writes = ["insert", "update", "delete", "findAndModify"].contains(&name.as_str());
        let purpose = if writes { Purpose::Write } else { Purpose::Once };
        let answer = client.send(db, session, purpose, &command, None).wait();
        assert!(answer.is_ok(), "{name}: {answer:?}");
        let sent = started(&client, &name);
        assert!(after(sent.last().unwrap()).is_some(), "{name}");
    }
    client.end(session).wait().unwrap();
}

#[test]
fn a_failed_command_advances_the_session_too() {
    let client = Client::new();
    let db = "engine_session_failed";
    fresh(&client, db);
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    let session = client.session();
    let error = client
        .send(
            db,
            session,
            Purpose::Once,
            &doc! { "find": "c", "colour": 1 },
            None,
        )
        .wait()
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Command);
    assert!(client.info(session).get_timestamp("operationTime").is_ok());
    let duplicate = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    let before = client.info(session).get_timestamp("operationTime").unwrap();
    client.insert(db, &doc! { "_id": 2 }).unwrap();
    let reply = reply(client.send(db, session, Purpose::Write, &duplicate, None).wait());
    assert!(reply.contains_key("writeErrors"));
    assert!(client.info(session).get_timestamp("operationTime").unwrap() > before);
}

#[test]
fn clocks_travel_from_one_session_to_another() {
    let (one, other) = (Client::new(), Client::with(&doc! { "monitorCommands": true }));
    fresh(&one, "engine_session_clock");
    let first = one.session();
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    reply(
        one.send("engine_session_clock", first, Purpose::Write, &insert, None)
            .wait(),
    );
    let info = one.info(first);
    let second = other.session();
    let times = doc! {
        "clusterTime": info.get("clusterTime").unwrap(),
        "operationTime": info.get("operationTime").unwrap(),
    };
    other.engine.advance_session(second, raw(&times));
    assert_eq!(
        other.info(second).get_timestamp("operationTime").ok(),
        info.get_timestamp("operationTime").ok()
    );
    assert_eq!(other.find_in("engine_session_clock", second, &doc! {}).len(), 1);
    assert_eq!(
        after(&started(&other, "find")[0]),
        info.get_timestamp("operationTime").ok()
    );
}

#[test]
fn a_session_that_is_not_causal_or_is_a_snapshot() {
    let client = Client::with(&doc! { "monitorCommands": true });
    let db = "engine_session_kinds";
    fresh(&client, db);
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    let plain = client.session_with(r#"{"causalConsistency": false}"#);
    client.find_in(db, plain, &doc! {});
    client.find_in(db, plain, &doc! {});
    assert!(
        started(&client, "find")
            .iter()
            .all(|command| after(command).is_none())
    );
    let snapshot = client.session_with(r#"{"snapshot": true}"#);
    assert_eq!(client.find_in(db, snapshot, &doc! {}).len(), 1);
    client.insert(db, &doc! { "_id": 2 }).unwrap();
    assert_eq!(client.find_in(db, snapshot, &doc! {}).len(), 1);
    let info = client.info(snapshot);
    assert_eq!(
        (
            info.get_bool("snapshot").ok(),
            info.get_bool("causalConsistency").ok()
        ),
        (Some(true), Some(false))
    );
    assert!(matches!(info.get("snapshotTime"), Some(Bson::Timestamp(_))));
    let insert = doc! { "insert": "c", "documents": [{ "_id": 3 }] };
    let refused = client
        .send(db, snapshot, Purpose::Write, &insert, None)
        .wait()
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Command);
}

#[test]
fn the_id_is_the_servers_and_an_ended_session_is_refused() {
    let client = Client::new();
    let session = client.session();
    assert!(!client.info(session).contains_key("id"));
    client.find_in("engine_session_id", session, &doc! {});
    let id = client.info(session).get_document("id").unwrap().clone();
    assert!(matches!(id.get("id"), Some(Bson::Binary(_))), "{id}");
    client.end(session).wait().unwrap();
    client.end(session).wait().unwrap();
    let error = client
        .send(
            "engine_session_id",
            session,
            Purpose::Read,
            &doc! { "ping": 1 },
            None,
        )
        .wait();
    assert_eq!(error.unwrap_err().kind, ErrorKind::SessionExpired);
}
