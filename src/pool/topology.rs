//! What the driver's monitors know of the servers, kept where a synchronous caller can read it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU32, Ordering},
    },
    time::Duration,
};

use mongodb::{
    ServerInfo, ServerType, TopologyType,
    event::sdam::{SdamEvent, TopologyDescription},
};
use tokio::sync::watch;

use super::settings::ClusterFacts;
use crate::{engine::convert, telemetry::servers::Teller};

/// Until a server says otherwise; the servers' own default.
const DEFAULT_SESSION_MINUTES: u32 = 30;

const LOAD_BALANCED: &str = "LoadBalanced";

const NUMBERS_UNKNOWN: u8 = 0;
const NUMBERS_YES: u8 = 1;
const NUMBERS_NO: u8 = 2;

/// One server as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `host:port`.
    pub address: String,
    /// `RSPrimary`, `Mongos`, `Unknown`…
    pub kind: String,
    /// Why it is unknown.
    pub error: Option<String>,
    /// Its replica set.
    pub set_name: Option<String>,
    /// The version of that set's configuration.
    pub set_version: Option<i32>,
    /// The least and the most it speaks.
    pub wire_versions: Option<(i32, i32)>,
    /// How long an answer takes, on average.
    pub round_trip_ms: Option<i32>,
    /// Its tags in the replica set.
    pub tags: BTreeMap<String, String>,
}

impl Server {
    /// As the driver describes it.
    pub fn read(info: &ServerInfo<'_>) -> Self {
        let took = info.average_round_trip_time();
        Self {
            address: info.address().to_string(),
            kind: info.server_type().to_string(),
            error: info.error().map(convert::message),
            set_name: info.replica_set_name().map(ToOwned::to_owned),
            set_version: info.replica_set_version(),
            wire_versions: info.min_wire_version().zip(info.max_wire_version()),
            round_trip_ms: took.map(|took| i32::try_from(took.as_millis()).unwrap_or(i32::MAX)),
            tags: info.tags().into_iter().flatten().map(owned).collect(),
        }
    }
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

/// The servers as last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// `ReplicaSetWithPrimary`, `Single`, `Unknown`…
    pub kind: &'static str,
    /// The replica set's name.
    pub set_name: Option<String>,
    /// All of them, by address.
    pub servers: Vec<Server>,
    /// At least one can serve.
    pub usable: bool,
}

impl Snapshot {
    /// As the driver describes them, and whether writes may be numbered.
    pub fn read(description: &TopologyDescription) -> (Self, u8) {
        let mut servers: Vec<Server> = Vec::new();
        let mut usable = false;
        let mut numbers = NUMBERS_UNKNOWN;
        for info in description.servers().values() {
            let kind = info.server_type();
            match kind {
                ServerType::Standalone => {
                    usable = true;
                    numbers = NUMBERS_NO;
                }
                ServerType::RsPrimary
                | ServerType::RsSecondary
                | ServerType::Mongos
                | ServerType::LoadBalancer => {
                    usable = true;
                    numbers = NUMBERS_YES;
                }
                _ => {}
            }
            servers.push(Server::read(info));
        }
        servers.sort_unstable_by(|a, b| a.address.cmp(&b.address));
        let snapshot = Self {
            kind: name(description.topology_type()),
            set_name: description.set_name().cloned(),
            servers,
            usable,
        };
        (snapshot, numbers)
    }
}

fn name(kind: TopologyType) -> &'static str {
    match kind {
        TopologyType::Single => "Single",
        TopologyType::ReplicaSetNoPrimary => "ReplicaSetNoPrimary",
        TopologyType::ReplicaSetWithPrimary => "ReplicaSetWithPrimary",
        TopologyType::Sharded => "Sharded",
        TopologyType::LoadBalanced => LOAD_BALANCED,
        _ => "Unknown",
    }
}

/// The latest [`Snapshot`] of one pool and what follows from it.
pub struct Topology {
    latest: watch::Sender<Arc<Snapshot>>,
    numbers: AtomicU8,
    session_minutes: AtomicU32,
}

impl Default for Topology {
    fn default() -> Self {
        Self {
            latest: watch::Sender::new(Arc::new(Snapshot {
                kind: "Unknown",
                ..Snapshot::default()
            })),
            numbers: AtomicU8::new(NUMBERS_UNKNOWN),
            session_minutes: AtomicU32::new(DEFAULT_SESSION_MINUTES),
        }
    }
}

impl Topology {
    /// Takes one event, and tells it where somebody listens. Runs in the driver's own task for that.
    pub fn note(&self, event: &SdamEvent, teller: Option<&Teller<'_>>) {
        match event {
            SdamEvent::TopologyDescriptionChanged(changed) => {
                let (snapshot, numbers) = Snapshot::read(&changed.new_description);
                if numbers != NUMBERS_UNKNOWN {
                    // A lost server does not change what kind of deployment it is.
                    self.numbers.store(numbers, Ordering::Release);
                }
                let snapshot = Arc::new(snapshot);
                let before = self.latest.send_replace(Arc::clone(&snapshot));
                if let Some(Teller { pool, events, .. }) = teller
                    && before != snapshot
                {
                    events.topology(pool, &snapshot);
                }
            }
            SdamEvent::ServerHeartbeatSucceeded(heartbeat) => {
                if let Some(minutes) = heartbeat
                    .reply
                    .get("logicalSessionTimeoutMinutes")
                    .and_then(whole)
                {
                    self.session_minutes.store(minutes, Ordering::Relaxed);
                }
            }
            _ => {}
        }
        if let Some(teller) = teller {
            teller.note(event);
        }
    }

    /// The latest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.latest.borrow())
    }

    /// What the servers said of their cluster.
    pub fn facts(&self) -> ClusterFacts {
        let snapshot = self.latest.borrow();
        ClusterFacts {
            set_name: snapshot.set_name.clone(),
            hosts: snapshot
                .servers
                .iter()
                .map(|server| server.address.clone())
                .collect(),
        }
    }

    /// Whether writes may carry transaction numbers; `None` until a server was seen.
    pub fn supports_numbers(&self) -> Option<bool> {
        match self.numbers.load(Ordering::Acquire) {
            NUMBERS_YES => Some(true),
            NUMBERS_NO => Some(false),
            _ => None,
        }
    }

    /// Whether a load balancer is in front of the servers: a cursor or a transaction then keeps its connection.
    pub fn is_load_balanced(&self) -> bool {
        self.latest.borrow().kind == LOAD_BALANCED
    }

    /// Whether the servers are routers of a sharded cluster.
    pub fn has_routers(&self) -> bool {
        let latest = self.latest.borrow();
        latest.kind == LOAD_BALANCED || latest.servers.iter().any(|server| server.kind == "Mongos")
    }

    /// Waits until a server was seen, at most `limit`.
    pub async fn seen(&self, limit: Duration) -> bool {
        let mut latest = self.latest.subscribe();
        let seen = latest.wait_for(|_| self.supports_numbers().is_some());
        matches!(tokio::time::timeout(limit, seen).await, Ok(Ok(_)))
    }

    /// How long a session that is not used lives on the server.
    pub fn session_timeout(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.session_minutes.load(Ordering::Relaxed)))
    }
}

fn whole(value: &bson::Bson) -> Option<u32> {
    match *value {
        bson::Bson::Int32(number) => u32::try_from(number).ok(),
        bson::Bson::Int64(number) => u32::try_from(number).ok(),
        _ => None,
    }
}
