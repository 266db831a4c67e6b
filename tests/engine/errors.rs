use std::{sync::Arc, time::Duration};

use bson::doc;
use polymongo::engine::{Engine, error::ErrorKind, request::EventSink, request::Purpose};

use crate::support::{Client, Recorder, decoded, fresh, reply, uri};

#[test]
fn a_servers_error_arrives_whole() {
    let client = Client::new();
    let error = client
        .send("engine_error", 0, Purpose::Once, &doc! { "colour": 1 }, None)
        .wait()
        .unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Command, Some(59)));
    assert_eq!(error.code_name.as_deref(), Some("CommandNotFound"));
    assert!(error.message.contains("colour"), "{}", error.message);
    let reply = decoded(&error.reply.unwrap());
    assert_eq!(reply.get_f64("ok").ok(), Some(0.0));
    assert!(error.address.is_some());
}

#[test]
fn a_duplicate_key_keeps_its_pattern_and_value() {
    let client = Client::new();
    fresh(&client, "engine_error_dup");
    client.insert("engine_error_dup", &doc! { "_id": 1 }).unwrap();
    let reply = reply(client.insert("engine_error_dup", &doc! { "_id": 1 }));
    let failure = reply.get_array("writeErrors").unwrap()[0].as_document().unwrap();
    assert_eq!(failure.get_i32("code").ok(), Some(11000));
    assert_eq!(failure.get_document("keyPattern").ok(), Some(&doc! { "_id": 1 }));
    assert_eq!(failure.get_document("keyValue").ok(), Some(&doc! { "_id": 1 }));
}

fn error_of(uri: &str, config: &str) -> polymongo::engine::error::EngineError {
    let events: Arc<dyn EventSink> = Arc::new(Recorder::default());
    Engine::new(uri, config, events)
        .err()
        .expect("it should be refused")
}

#[test]
fn bad_strings_and_options_are_refused_at_once_and_without_a_secret() {
    let error = error_of("mongodb://user:canary/9@host/", "{}");
    assert_eq!(error.kind, ErrorKind::InvalidArgument);
    assert!(!error.message.contains("canary"), "{}", error.message);
    let error = error_of("mongodb://host", r#"{"colour": 1}"#);
    assert!(error.message.contains("colour"));
    assert_eq!(
        error_of("mongodb://host", "nonsense").kind,
        ErrorKind::InvalidArgument
    );
}

#[test]
fn an_unreachable_server_is_a_selection_error_for_reads_writes_and_connect() {
    let events: Arc<dyn EventSink> = Arc::new(Recorder::default());
    let config = r#"{"serverSelectionTimeoutMS": 600, "heartbeatFrequencyMS": 500}"#;
    let uri = "mongodb://user:canary@127.0.0.1:9/";
    let engine = Engine::new(uri, config, events).unwrap();
    let client = Client {
        engine,
        events: Arc::default(),
        app: String::new(),
    };
    for purpose in [Purpose::Read, Purpose::Write] {
        let body = doc! { "insert": "c", "documents": [{}] };
        let error = client
            .send("d", 0, purpose, &body, None)
            .within(Duration::from_secs(3))
            .unwrap_err();
        assert_eq!((error.kind, error.sent), (ErrorKind::ServerSelection, false));
        assert!(error.message.contains("127.0.0.1:9"), "{}", error.message);
        assert!(!error.message.contains("canary"));
    }
    let error = client.connect(None).within(Duration::from_secs(3)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::ServerSelection);
    let session = client.session();
    client.begin(session);
    let body = doc! { "insert": "c", "documents": [{}] };
    let pending = client.send("d", session, Purpose::Write, &body, None);
    let error = pending.within(Duration::from_secs(3)).unwrap_err();
    assert_eq!(
        (error.kind, error.labels.as_slice()),
        (
            ErrorKind::ServerSelection,
            &["TransientTransactionError".into()][..]
        )
    );
    assert!(!client.engine.stats().contains("canary"));
}

#[test]
fn a_wrong_password_is_an_authentication_error() {
    let events: Arc<dyn EventSink> = Arc::new(Recorder::default());
    let config =
        r#"{"auth": {"username": "nobody", "password": "canary"}, "serverSelectionTimeoutMS": 3000}"#;
    let engine = Engine::new(&uri(), config, events).unwrap();
    let client = Client {
        engine,
        events: Arc::default(),
        app: String::new(),
    };
    let error = client.connect(None).wait().unwrap_err();
    assert_eq!(
        (error.kind, error.code),
        (ErrorKind::Authentication, Some(18)),
        "{error:?}"
    );
    assert!(!error.message.contains("canary"));
}

#[test]
fn connect_says_who_the_server_is() {
    let client = Client::new();
    let facts = reply(client.connect(None).wait());
    assert_eq!(facts.get_str("topology").ok(), Some("ReplicaSet"));
    assert_eq!(facts.get_bool("isWritablePrimary").ok(), Some(true));
    for key in [
        "setName",
        "hosts",
        "maxBsonObjectSize",
        "maxWriteBatchSize",
        "maxWireVersion",
        "address",
    ] {
        assert!(facts.contains_key(key), "{key}");
    }
    assert_eq!(client.stats()["state"], "connected");
    let topology = client.events.of("topology");
    let last = topology.last().unwrap();
    assert_eq!(
        (last.get_str("state").ok(), last.get_str("kind").ok()),
        (Some("connected"), Some("ReplicaSetWithPrimary"))
    );
    assert_eq!(client.events.of("poolOpened").len(), 1);
    let beats = client.events.of("heartbeat");
    for name in ["serverHeartbeatStarted", "serverHeartbeatSucceeded"] {
        assert!(
            beats.iter().any(|beat| beat.get_str("name").ok() == Some(name)),
            "{name}"
        );
    }
}

#[test]
fn monitored_commands_are_told_without_their_secrets() {
    let client = Client::with(&doc! { "monitorCommands": true });
    client.run("admin", &doc! { "ping": 1 });
    let body = doc! { "createUser": "engine-canary", "pwd": "canary", "roles": [] };
    let _ = client
        .send("engine_monitor", 0, Purpose::Once, &body, None)
        .wait();
    let _ = client
        .send(
            "engine_monitor",
            0,
            Purpose::Once,
            &doc! { "dropUser": "engine-canary" },
            None,
        )
        .wait();
    let _ = client
        .send("admin", 0, Purpose::Once, &doc! { "colour": 1 }, None)
        .wait();
    let events = client.events.of("command");
    assert!(!format!("{events:?}").contains("\"canary\""), "{events:?}");
    for name in ["commandStarted", "commandSucceeded"] {
        let of_ping = |event: &&bson::Document| {
            event.get_str("name").ok() == Some(name) && event.get_str("commandName").ok() == Some("ping")
        };
        assert!(events.iter().find(of_ping).is_some(), "{name}");
    }
    let failed = events
        .iter()
        .find(|event| event.get_str("name").ok() == Some("commandFailed"))
        .unwrap();
    assert!(failed.get_str("failure").unwrap().contains("colour"));
    assert!(failed.get_f64("durationMS").is_ok() && failed.get_str("address").is_ok());
}
