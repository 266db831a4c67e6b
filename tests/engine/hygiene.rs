//! Sessions after a long life: numbers that the server still takes, and nothing left behind.

use std::{collections::HashSet, time::Duration};

use bson::{Document, doc};
use polymongo::engine::request::{Meta, Purpose};

use crate::support::{Client, Server, batch, eventually, fresh, handle, reply, session_id};

const ROUNDS: i32 = 1000;
/// Connections that break meanwhile.
const BROKEN: usize = 15;

/// Mixed work. Answers how many documents it has inserted for sure.
fn live(client: &Client, server: &Server, db: &str) -> i32 {
    client.insert(db, &doc! { "_id": "first" }).unwrap();
    let mut inserted = 1;
    let increment =
        doc! { "update": "c", "updates": [{ "q": { "_id": "first" }, "u": { "$inc": { "n": 1 } } }] };
    for round in 0..ROUNDS {
        client.insert(db, &doc! { "round": round }).unwrap();
        inserted += 1;
        match round % 7 {
            0 => {
                let session = client.session();
                client.begin(session);
                let body = doc! { "insert": "c", "documents": [{ "in": round }] };
                reply(client.send(db, session, Purpose::Write, &body, None).wait());
                if round % 2 == 0 {
                    client.commit(session).wait().unwrap();
                    inserted += 1;
                }
                // Else its end aborts it.
                client.end(session).wait().unwrap();
            }
            1 => {
                let pending = client.send(db, 0, Purpose::Write, &increment, None);
                client.engine.cancel(pending.op);
                let _ = pending.wait();
            }
            2 if round % 70 == 2 => {
                let failure = doc! { "failCommands": ["insert"], "closeConnection": true };
                server.fail(&client.app, &doc! { "times": 1 }, failure);
                client.insert(db, &doc! { "again": round }).unwrap();
                inserted += 1;
            }
            3 => {
                let session = client.session();
                assert_eq!(client.find_in(db, session, &doc! { "_id": "first" }).len(), 1);
                client.end(session).wait().unwrap();
            }
            4 => {
                let cursor = handle();
                let open = client.open(cursor, db, 0, &doc! { "find": "c", "batchSize": 1 });
                assert!(!batch(open.wait()).1);
                client.close_cursor(cursor).wait().unwrap();
            }
            5 => {
                let meta = Meta {
                    timeout_ms: Some(1),
                    ..Meta::default()
                };
                let _ = client.send(db, 0, Purpose::Write, &increment, Some(meta)).wait();
            }
            6 if round % 140 == 6 => {
                let other = format!("{db}_{}", round % 3);
                client.insert(&other, &doc! { "round": round }).unwrap();
                client.run(&other, &doc! { "dropDatabase": 1 });
            }
            _ => {}
        }
    }
    inserted
}

/// The ids of the sessions that the client's commands carried. A session whose connection broke is discarded without a
/// word, as the specification wants it, and lives on the server until that forgets it by itself.
fn sessions_of(client: &Client) -> HashSet<Vec<u8>> {
    let events = client.events.of("command");
    let named = |name| {
        events
            .iter()
            .filter(move |event| event.get_str("name").ok() == Some(name))
    };
    let request = |event: &Document| event.get("requestId").cloned();
    let failed: Vec<_> = named("commandFailed").map(request).collect();
    assert_eq!(failed.len(), BROKEN, "{failed:?}");
    let session = |event: &Document| {
        let command = event.get_document("payload").ok()?;
        command.contains_key("lsid").then(|| session_id(command, "lsid"))
    };
    let broken = |event: &&Document| failed.contains(&request(event));
    let broken: HashSet<_> = named("commandStarted")
        .filter(broken)
        .filter_map(session)
        .collect();
    let all: HashSet<_> = named("commandStarted").filter_map(session).collect();
    all.difference(&broken).cloned().collect()
}

#[test]
fn a_long_life_leaves_the_numbers_in_order_and_nothing_behind() {
    let (client, server) = (Client::with(&doc! { "monitorCommands": true }), Server::new());
    let db = "engine_hygiene";
    fresh(&client, db);
    let inserted = live(&client, &server, db);
    let count = client.send(db, 0, Purpose::Read, &doc! { "count": "c" }, None);
    assert_eq!(reply(count.wait()).get_i32("n").ok(), Some(inserted));
    assert_eq!(client.stats()["openSessions"], 0);
    let sessions = sessions_of(&client);
    assert!(sessions.len() > 2, "{}", sessions.len());
    let known = || {
        let known = server.sessions();
        sessions.iter().filter(|id| known.contains(*id)).count()
    };
    assert!(known() > 0, "the server knows them as long as the client is open");
    client.close(r#"{"refuse": true}"#).wait().unwrap();
    eventually(
        "the server has forgotten all of them",
        Duration::from_secs(5),
        || known() == 0,
    );
    assert_eq!(server.transactions(&sessions), 0);
}
