//! The servers and what is known of them as events. The driver tells them in a task of their own, which holds up nobody.

use bson::{RawArrayBuf, RawDocumentBuf, raw::cstr, rawdoc};
use mongodb::{event::sdam::SdamEvent, options::ServerAddress};

use super::events::{Events, Kind};
use crate::{
    engine::{convert, error::ErrorKind, request::Payload},
    pool::topology::{Server, Snapshot},
};

/// What the events of one pool's servers are told with.
pub struct Teller<'pool> {
    /// The pool's name.
    pub pool: &'pool str,
    /// Its number, which tells one topology from another.
    pub id: u64,
    /// The way to the listener.
    pub events: &'pool Events,
}

impl Teller<'_> {
    /// Hands one event over, if somebody listens to its kind.
    pub fn note(&self, event: &SdamEvent) {
        match event {
            SdamEvent::ServerHeartbeatStarted(_)
            | SdamEvent::ServerHeartbeatSucceeded(_)
            | SdamEvent::ServerHeartbeatFailed(_) => {
                if self.events.wants(Kind::Heartbeats) {
                    self.heartbeat(event);
                }
            }
            _ => {
                if self.events.wants(Kind::Servers)
                    && let Some(event) = self.change(event)
                {
                    self.events.send(event);
                }
            }
        }
    }

    fn heartbeat(&self, event: &SdamEvent) {
        let head = |name: &str, address: &ServerAddress, awaited: bool| {
            rawdoc! {
                "type": "heartbeat",
                "name": name,
                "pool": self.pool,
                "connectionId": address.to_string(),
                "awaited": awaited,
            }
        };
        match event {
            SdamEvent::ServerHeartbeatStarted(beat) => {
                self.events
                    .send(head("serverHeartbeatStarted", &beat.server_address, beat.awaited));
            }
            SdamEvent::ServerHeartbeatSucceeded(beat) => {
                let mut event = head("serverHeartbeatSucceeded", &beat.server_address, beat.awaited);
                event.append(cstr!("durationMS"), beat.duration.as_secs_f64() * 1000.0);
                let reply = RawDocumentBuf::try_from(&beat.reply);
                self.events
                    .send_with(event, reply.map_or(Payload::None, Payload::Document));
            }
            SdamEvent::ServerHeartbeatFailed(beat) => {
                let failure = convert::setup_error(&beat.failure);
                // The monitor was stopped.
                if failure.kind == ErrorKind::Internal {
                    return;
                }
                let mut event = head("serverHeartbeatFailed", &beat.server_address, beat.awaited);
                event.append(cstr!("durationMS"), beat.duration.as_secs_f64() * 1000.0);
                self.events.send_with(event, Payload::Failure(Box::new(failure)));
            }
            _ => {}
        }
    }

    fn change(&self, event: &SdamEvent) -> Option<RawDocumentBuf> {
        let head = |name: &str, address: Option<&ServerAddress>| {
            let mut event = rawdoc! {
                "type": "servers",
                "name": name,
                "pool": self.pool,
                "topologyId": self.id as f64,
            };
            if let Some(address) = address {
                event.append(cstr!("address"), address.to_string());
            }
            event
        };
        Some(match event {
            SdamEvent::TopologyOpening(_) => head("topologyOpening", None),
            SdamEvent::TopologyClosed(_) => head("topologyClosed", None),
            SdamEvent::ServerOpening(opening) => head("serverOpening", Some(&opening.address)),
            SdamEvent::ServerClosed(closed) => head("serverClosed", Some(&closed.address)),
            SdamEvent::ServerDescriptionChanged(changed) => {
                let mut event = head("serverDescriptionChanged", Some(&changed.address));
                let previous = Server::read(&changed.previous_description);
                event.append(cstr!("previous"), described(&previous));
                event.append(cstr!("next"), described(&Server::read(&changed.new_description)));
                event
            }
            SdamEvent::TopologyDescriptionChanged(changed) => {
                let mut event = head("topologyDescriptionChanged", None);
                let previous = Snapshot::read(&changed.previous_description).0;
                event.append(cstr!("previous"), topology(&previous));
                event.append(
                    cstr!("next"),
                    topology(&Snapshot::read(&changed.new_description).0),
                );
                event
            }
            _ => return None,
        })
    }
}

fn topology(snapshot: &Snapshot) -> RawDocumentBuf {
    let mut servers = RawArrayBuf::new();
    for server in &snapshot.servers {
        servers.push(described(server));
    }
    let mut topology = rawdoc! { "kind": snapshot.kind, "servers": servers };
    if let Some(name) = &snapshot.set_name {
        topology.append(cstr!("setName"), name.as_str());
    }
    topology
}

/// One server, as `lib/protocol/topology-description.js` reads it.
pub fn described(server: &Server) -> RawDocumentBuf {
    let mut one = rawdoc! { "address": server.address.as_str(), "type": server.kind.as_str() };
    if let Some(error) = &server.error {
        one.append(cstr!("error"), error.as_str());
    }
    if let Some(name) = &server.set_name {
        one.append(cstr!("setName"), name.as_str());
    }
    if let Some(version) = server.set_version {
        one.append(cstr!("setVersion"), version);
    }
    if let Some((least, most)) = server.wire_versions {
        one.append(cstr!("minWireVersion"), least);
        one.append(cstr!("maxWireVersion"), most);
    }
    if let Some(time) = server.round_trip_ms {
        one.append(cstr!("roundTripTime"), time);
    }
    if !server.tags.is_empty() {
        let mut tags = RawDocumentBuf::new();
        for (name, value) in &server.tags {
            if let Ok(name) = bson::raw::CString::try_from(name.as_str()) {
                tags.append(name, value.as_str());
            }
        }
        one.append(cstr!("tags"), tags);
    }
    one
}
