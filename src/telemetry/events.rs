//! Events for JavaScript, as BSON documents `{type, …}`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use bson::{RawArrayBuf, RawDocumentBuf, rawdoc};

use crate::{engine::request::EventSink, pool::topology::Snapshot};

/// Why a pool was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolClosedReason {
    /// Nothing used it for its `ttl`.
    Ttl,
    /// Somebody closed it.
    Close,
    /// Another generation took its place.
    Replaced,
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Of interest when something is looked for.
    Debug,
    /// Worth knowing.
    Info,
    /// Not as it should be.
    Warn,
}

/// The way to the listener; a listener that panics hurts nobody else.
#[derive(Clone)]
pub struct Events(Arc<dyn EventSink>);

impl Events {
    /// Events that go to `sink`.
    pub fn new(sink: Arc<dyn EventSink>) -> Self {
        Self(sink)
    }

    /// Hands over one event.
    pub fn send(&self, event: RawDocumentBuf) {
        let _panicked = catch_unwind(AssertUnwindSafe(|| self.0.event(event)));
    }

    /// Waits while the listener is too far behind with fetching replies.
    pub async fn room(&self) {
        if let Some(room) = self.0.room() {
            room.await;
        }
    }

    /// The servers of a pool changed.
    pub fn topology(&self, pool: &str, snapshot: &Snapshot) {
        let mut servers = RawArrayBuf::new();
        for server in &snapshot.servers {
            let mut one = rawdoc! { "address": server.address.as_str(), "type": server.kind.as_str() };
            if let Some(error) = &server.error {
                one.append(bson::raw::cstr!("error"), error.as_str());
            }
            servers.push(one);
        }
        let mut event = rawdoc! {
            "type": "topology",
            "pool": pool,
            "state": if snapshot.usable { "connected" } else { "disconnected" },
            "kind": snapshot.kind,
            "servers": servers,
        };
        if let Some(name) = &snapshot.set_name {
            event.append(bson::raw::cstr!("setName"), name.as_str());
        }
        self.send(event);
    }

    /// A heartbeat failed, or succeeded for the first time or again.
    pub fn heartbeat(&self, pool: &str, address: &str, took: Duration, failure: Option<&str>) {
        let mut event = rawdoc! {
            "type": "heartbeat",
            "pool": pool,
            "address": address,
            "ok": failure.is_none(),
            "durationMS": took.as_secs_f64() * 1000.0,
        };
        if let Some(reason) = failure {
            event.append(bson::raw::cstr!("error"), reason);
        }
        self.send(event);
    }

    /// A pool's client exists.
    pub fn pool_opened(&self, pool: &str, generation: u32) {
        self.send(rawdoc! { "type": "poolOpened", "pool": pool, "generation": i64::from(generation) });
    }

    /// A pool's sockets are closed.
    pub fn pool_closed(&self, pool: &str, generation: u32, reason: PoolClosedReason) {
        let reason = match reason {
            PoolClosedReason::Ttl => "ttl",
            PoolClosedReason::Close => "close",
            PoolClosedReason::Replaced => "replaced",
        };
        self.send(
            rawdoc! { "type": "poolClosed", "pool": pool, "generation": i64::from(generation), "reason": reason },
        );
    }

    /// A line for the log.
    pub fn log(&self, level: Level, target: &str, message: &str) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
        };
        self.send(rawdoc! { "type": "log", "level": level, "target": target, "message": message });
    }
}
