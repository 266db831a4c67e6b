//! Monitored commands as events. Only for users who ask: the driver copies and decodes each command and reply for it.

use std::time::Duration;

use bson::{RawDocumentBuf, raw::cstr, rawdoc};
use mongodb::event::command::{CommandEvent, ConnectionInfo};

use super::events::{Events, Kind};
use crate::engine::{convert, request::Payload};

/// Hands one command event over, before its operation goes on: who waits for the operation has heard it. The driver has
/// taken the contents out of the sensitive ones.
pub fn note(event: CommandEvent, pool: &str, events: &Events) {
    if !events.wants(Kind::Commands) {
        return;
    }
    match event {
        CommandEvent::Started(started) => {
            let (name, request) = (&started.command_name, started.request_id);
            let mut event = head("commandStarted", pool, name, request, &started.connection);
            event.append(cstr!("databaseName"), started.db.as_str());
            events.send_with(event, document(&started.command));
        }
        CommandEvent::Succeeded(succeeded) => {
            let (name, request) = (&succeeded.command_name, succeeded.request_id);
            let mut event = head("commandSucceeded", pool, name, request, &succeeded.connection);
            duration(&mut event, succeeded.duration);
            events.send_with(event, document(&succeeded.reply));
        }
        CommandEvent::Failed(failed) => {
            let (name, request) = (&failed.command_name, failed.request_id);
            let mut event = head("commandFailed", pool, name, request, &failed.connection);
            duration(&mut event, failed.duration);
            let failure = convert::setup_error(&failed.failure);
            events.send_with(event, Payload::Failure(Box::new(failure)));
        }
        _ => {}
    }
}

fn head(name: &str, pool: &str, command: &str, request: i32, connection: &ConnectionInfo) -> RawDocumentBuf {
    let mut event = rawdoc! {
        "type": "command",
        "name": name,
        "pool": pool,
        "commandName": command,
        "requestId": request,
        "address": connection.address.to_string(),
        "connectionId": i64::from(connection.id),
    };
    if let Some(id) = connection.server_id {
        event.append(cstr!("serverConnectionId"), id);
    }
    event
}

fn duration(event: &mut RawDocumentBuf, took: Duration) {
    event.append(cstr!("durationMS"), took.as_secs_f64() * 1000.0);
}

fn document(document: &bson::Document) -> Payload {
    RawDocumentBuf::try_from(document).map_or(Payload::None, Payload::Document)
}
