use std::time::Duration;

use bson::{Document, doc};
use polymongo::engine::{
    error::ErrorKind,
    request::{Outcome, Purpose},
};

use crate::support::{Client, Server, changes, decoded, eventually, fresh, handle, raw, reply};

fn numbers(client: &Client, stream: i64, count: usize) -> Vec<i32> {
    let mut seen = Vec::new();
    while seen.len() < count {
        for event in changes(client.changes(stream).wait()).events {
            let event = decoded(&event);
            seen.push(
                event
                    .get_document("fullDocument")
                    .unwrap()
                    .get_i32("_id")
                    .unwrap(),
            );
        }
    }
    seen
}

#[test]
fn sees_everything_from_the_moment_it_is_open() {
    let client = Client::new();
    let db = "engine_stream";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let stream = handle();
    client
        .watch(stream, Some(db), Some("c"), &doc! {})
        .wait()
        .unwrap();
    for number in 0..50 {
        client.insert(db, &doc! { "_id": number }).unwrap();
    }
    assert_eq!(numbers(&client, stream, 50), (0..50).collect::<Vec<_>>());
    assert_eq!(client.stats()["openStreams"], 1);
    client.close_stream(stream).wait().unwrap();
    client.close_stream(stream).wait().unwrap();
    assert_eq!(client.stats()["openStreams"], 0);
    assert_eq!(
        client.changes(stream).wait().unwrap_err().kind,
        ErrorKind::UnknownCursor
    );
}

#[test]
fn watches_databases_and_clusters_with_a_pipeline() {
    let client = Client::new();
    let db = "engine_stream_levels";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let only_inserts =
        doc! { "pipeline": [{ "$match": { "operationType": "insert", "ns.db": db } }], "options": {} };
    let (database, cluster) = (handle(), handle());
    client
        .watch(database, Some(db), None, &only_inserts)
        .wait()
        .unwrap();
    client.watch(cluster, None, None, &only_inserts).wait().unwrap();
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    client
        .write(
            db,
            &doc! { "update": "c", "updates": [{ "q": {}, "u": { "$set": { "a": 1 } } }] },
        )
        .unwrap();
    client.insert(db, &doc! { "_id": 2 }).unwrap();
    assert_eq!(numbers(&client, database, 2), [1, 2]);
    assert_eq!(numbers(&client, cluster, 2), [1, 2]);
}

#[test]
fn resumes_after_its_token_and_after_a_broken_connection() {
    let (client, server) = (Client::new(), Server::new());
    let db = "engine_stream_resume";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let first = handle();
    let options = doc! { "options": { "maxAwaitTimeMS": 100 } };
    client.watch(first, Some(db), Some("c"), &options).wait().unwrap();
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    client.insert(db, &doc! { "_id": 2 }).unwrap();
    let mut seen = 0;
    let mut token = None;
    while seen < 2 {
        let got = changes(client.changes(first).wait());
        seen += got.events.len();
        token = got.resume_token;
    }
    let failure = doc! { "failCommands": ["getMore"], "closeConnection": true };
    server.fail(&format!("{} streams", client.app), &doc! { "times": 1 }, failure);
    client.insert(db, &doc! { "_id": 3 }).unwrap();
    assert_eq!(numbers(&client, first, 1), [3]);
    let second = handle();
    let resume = doc! {
        "options": { "resumeAfter": decoded(&token.unwrap()), "batchSize": 1, "comment": "c",
            "collation": { "locale": "de" }, "fullDocument": "updateLookup", "showExpandedEvents": true,
            "fullDocumentBeforeChange": "whenAvailable", "readConcern": { "level": "majority" } },
    };
    client.watch(second, Some(db), Some("c"), &resume).wait().unwrap();
    client.insert(db, &doc! { "_id": 4 }).unwrap();
    assert_eq!(numbers(&client, second, 2), [3, 4]);
}

#[test]
fn is_closed_while_somebody_waits() {
    let client = Client::new();
    fresh(&client, "engine_stream_close");
    let stream = handle();
    client
        .watch(stream, Some("engine_stream_close"), Some("c"), &doc! {})
        .wait()
        .unwrap();
    // The first answer is the token that the stream begins with.
    client.changes(stream).wait().unwrap();
    let waiting = client.changes(stream);
    std::thread::sleep(Duration::from_millis(100));
    client
        .close_stream(stream)
        .within(Duration::from_secs(2))
        .unwrap();
    assert_eq!(
        waiting.within(Duration::from_secs(1)).unwrap_err().kind,
        ErrorKind::UnknownCursor
    );
    // Cancelling one wait does not close the stream.
    let stream = handle();
    client
        .watch(stream, Some("engine_stream_close"), Some("c"), &doc! {})
        .wait()
        .unwrap();
    client.changes(stream).wait().unwrap();
    let waiting = client.changes(stream);
    client.engine.cancel(waiting.op);
    assert_eq!(waiting.wait().unwrap_err().kind, ErrorKind::Aborted);
    client.insert("engine_stream_close", &doc! { "_id": 1 }).unwrap();
    assert_eq!(numbers(&client, stream, 1), [1]);
}

#[test]
fn many_streams_take_no_connection_from_queries() {
    let (client, server) = (Client::with(&doc! { "maxPoolSize": 2 }), Server::new());
    let db = "engine_stream_many";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let streams: Vec<i64> = (0..25).map(|_| handle()).collect();
    let opening: Vec<_> = streams
        .iter()
        .map(|stream| client.watch(*stream, Some(db), Some("c"), &doc! {}))
        .collect();
    for one in opening {
        one.wait().unwrap();
    }
    for number in 0..10 {
        client.insert(db, &doc! { "_id": number }).unwrap();
    }
    for stream in &streams {
        assert_eq!(numbers(&client, *stream, 10).len(), 10);
    }
    assert!(server.connections(&client.app).len() <= 2 + 2);
    for stream in streams {
        client.close_stream(stream).wait().unwrap();
    }
    let app = format!("{} streams", client.app);
    eventually("its client closes itself", Duration::from_secs(15), || {
        server.connections(&app).is_empty()
    });
}

#[test]
fn a_session_is_seen_and_a_transaction_refused() {
    let client = Client::new();
    let db = "engine_stream_session";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let session = client.session();
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    reply(client.send(db, session, Purpose::Write, &insert, None).wait());
    let open = |stream: i64| {
        client.submit(|engine, op, done| {
            engine.open_stream(
                op,
                stream,
                Some(db.into()),
                Some("c".into()),
                session,
                raw(&doc! {}),
                done,
            );
        })
    };
    let stream = handle();
    assert!(matches!(open(stream).wait(), Ok(Outcome::Done)));
    client.insert(db, &doc! { "_id": 2 }).unwrap();
    assert_eq!(numbers(&client, stream, 1), [2]);
    client.begin(session);
    assert_eq!(open(handle()).wait().unwrap_err().kind, ErrorKind::Transaction);
}

#[test]
fn an_end_by_the_server_and_a_wrong_pipeline_are_told() {
    let client = Client::new();
    let db = "engine_stream_end";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let wrong = doc! { "pipeline": [{ "$colour": 1 }] };
    let error = client
        .watch(handle(), Some(db), Some("c"), &wrong)
        .wait()
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Command);
    let stream = handle();
    client
        .watch(stream, Some(db), Some("c"), &doc! {})
        .wait()
        .unwrap();
    client.run(db, &doc! { "drop": "c" });
    let mut kinds: Vec<String> = Vec::new();
    while kinds.last().map(String::as_str) != Some("invalidate") {
        for event in changes(client.changes(stream).wait()).events {
            let event: Document = decoded(&event);
            kinds.push(event.get_str("operationType").unwrap().into());
        }
    }
    assert_eq!(
        client.changes(stream).wait().unwrap_err().kind,
        ErrorKind::UnknownCursor
    );
}

#[test]
fn a_comment_is_where_an_operator_looks_for_it() {
    let (client, server) = (Client::new(), Server::new());
    let db = "engine_stream_comment";
    fresh(&client, db);
    client.run(db, &doc! { "create": "c" });
    let comment = doc! { "by": "a test" };
    let options = doc! { "pipeline": [{ "$match": { "operationType": "insert" } }], "options": { "comment": &comment } };
    let stream = handle();
    client
        .watch(stream, Some(db), Some("c"), &options)
        .wait()
        .unwrap();
    client.insert(db, &doc! { "_id": 1 }).unwrap();
    assert_eq!(numbers(&client, stream, 1), [1]);
    let running = server.cursors(&format!("{db}.c"));
    let command = running[0].get_document("originatingCommand").unwrap();
    let stages = command.get_array("pipeline").unwrap();
    assert_eq!(
        stages[1],
        doc! { "$match": { "$comment": comment } }.into(),
        "{command}"
    );
}
