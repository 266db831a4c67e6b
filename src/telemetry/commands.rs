//! Monitored commands as events. Only for users who ask: the driver copies and decodes each command and reply for it.

use std::time::Duration;

use bson::{RawDocumentBuf, rawdoc};
use mongodb::event::command::{CommandEvent, ConnectionInfo};

use super::events::Events;
use crate::engine::convert;

/// Hands one command event over. The driver has taken the contents out of the sensitive ones.
pub fn note(event: CommandEvent, pool: &str, events: &Events) {
    match event {
        CommandEvent::Started(started) => {
            let mut event = start(
                "commandStarted",
                pool,
                &started.command_name,
                started.request_id,
                &started.connection,
            );
            event.append(bson::raw::cstr!("databaseName"), started.db.as_str());
            append(&mut event, bson::raw::cstr!("command"), &started.command);
            events.send(event);
        }
        CommandEvent::Succeeded(succeeded) => {
            let (name, request) = (&succeeded.command_name, succeeded.request_id);
            let mut event = start("commandSucceeded", pool, name, request, &succeeded.connection);
            duration(&mut event, succeeded.duration);
            append(&mut event, bson::raw::cstr!("reply"), &succeeded.reply);
            events.send(event);
        }
        CommandEvent::Failed(failed) => {
            let mut event = start(
                "commandFailed",
                pool,
                &failed.command_name,
                failed.request_id,
                &failed.connection,
            );
            duration(&mut event, failed.duration);
            event.append(bson::raw::cstr!("failure"), convert::message(&failed.failure));
            events.send(event);
        }
        _ => {}
    }
}

fn start(name: &str, pool: &str, command: &str, request: i32, connection: &ConnectionInfo) -> RawDocumentBuf {
    let mut event = rawdoc! {
        "type": "command",
        "name": name,
        "pool": pool,
        "commandName": command,
        "requestId": request,
        "connectionId": connection.address.to_string(),
    };
    if let Some(id) = connection.server_id {
        event.append(bson::raw::cstr!("serverConnectionId"), id);
    }
    event
}

fn duration(event: &mut RawDocumentBuf, took: Duration) {
    event.append(bson::raw::cstr!("duration"), took.as_secs_f64() * 1000.0);
}

fn append(event: &mut RawDocumentBuf, key: &bson::raw::CStr, document: &bson::Document) {
    if let Ok(document) = RawDocumentBuf::try_from(document) {
        event.append(key, document);
    }
}
