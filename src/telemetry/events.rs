//! Events for JavaScript, as BSON documents `{type, …}`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use bson::{RawArrayBuf, RawDocumentBuf, raw::cstr, rawdoc};
use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedSender, unbounded_channel},
};

use super::servers;
use crate::{
    engine::request::{EventSink, Payload},
    pool::topology::Snapshot,
};

/// Events that are made only while somebody listens: bits, as `lib/driver/engine.js` sets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Monitored commands.
    Commands = 1,
    /// The connections of the pools.
    Connections = 2,
    /// What becomes of the servers and what is known of them.
    Servers = 4,
    /// The monitors' questions and the servers' answers.
    Heartbeats = 8,
}

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
pub struct Events {
    sink: Arc<dyn EventSink>,
    wanted: Arc<AtomicU32>,
    later: UnboundedSender<RawDocumentBuf>,
}

impl Events {
    /// Events that go to `sink`; a task on `runtime` carries those of [`Self::send_later`].
    pub fn new(sink: Arc<dyn EventSink>, runtime: &Handle) -> Self {
        let (later, mut waiting) = unbounded_channel();
        let carrier = Arc::clone(&sink);
        runtime.spawn(async move {
            while let Some(event) = waiting.recv().await {
                hand_over(&*carrier, event, Payload::None);
            }
        });
        Self {
            sink,
            wanted: Arc::default(),
            later,
        }
    }

    /// Sets which [`Kind`]s are listened to.
    pub fn listen(&self, kinds: u32) {
        self.wanted.store(kinds, Ordering::Relaxed);
    }

    /// Whether somebody listens to a kind.
    pub fn wants(&self, kind: Kind) -> bool {
        self.wanted.load(Ordering::Relaxed) & kind as u32 != 0
    }

    /// Hands over one event.
    pub fn send(&self, event: RawDocumentBuf) {
        self.send_with(event, Payload::None);
    }

    /// Hands over one event that holds what is not ours.
    pub fn send_with(&self, event: RawDocumentBuf, payload: Payload) {
        hand_over(&*self.sink, event, payload);
    }

    /// Hands over one event from where nothing may be waited for: neither locks nor drops.
    pub fn send_later(&self, event: RawDocumentBuf) {
        let _nobody_is_left = self.later.send(event);
    }

    /// Waits while the listener is too far behind with fetching replies.
    pub async fn room(&self) {
        if let Some(room) = self.sink.room() {
            room.await;
        }
    }

    /// The servers of a pool changed.
    pub fn topology(&self, pool: &str, snapshot: &Snapshot) {
        let mut servers = RawArrayBuf::new();
        for server in &snapshot.servers {
            servers.push(servers::described(server));
        }
        let mut event = rawdoc! {
            "type": "topology",
            "pool": pool,
            "state": if snapshot.usable { "connected" } else { "disconnected" },
            "kind": snapshot.kind,
            "servers": servers,
        };
        if let Some(name) = &snapshot.set_name {
            event.append(cstr!("setName"), name.as_str());
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

fn hand_over(sink: &dyn EventSink, event: RawDocumentBuf, payload: Payload) {
    let _panicked = catch_unwind(AssertUnwindSafe(|| sink.event(event, payload)));
}
