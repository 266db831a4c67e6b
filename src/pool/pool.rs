//! One generation of a pool: a client of the driver, made at its first use, and everything that lives and dies with it.

use std::{
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::{FutureExt, Shared};
use mongodb::{Client, event::EventHandler};
use tokio::sync::{Notify, OnceCell};

use super::{
    abandoned::Abandoned,
    attempt::Attempt,
    counters::Counters,
    gate::{Gate, Permit},
    settings::Settings,
    tls_advice::tls_advice,
    topology::Topology,
};
use crate::{
    engine::{
        convert,
        error::{EngineError, ErrorKind},
        write_sessions::WriteSessions,
    },
    telemetry::{
        commands, connections,
        databases::now_ms,
        events::{Events, PoolClosedReason},
        servers::Teller,
    },
};

/// What a clean shutdown may take (`endSessions`, the last `killCursors`) before it is cut short.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(1);

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

type Opening = Shared<Pin<Box<dyn Future<Output = Result<Client, EngineError>> + Send>>>;

enum Connection {
    Idle,
    Opening(u64, Opening),
    Open(Client),
    Closed,
}

/// One generation of a pool.
pub struct Pool {
    /// Tells generations apart, process-wide.
    pub id: u64,
    /// The database whose dedicated pool it is; empty for the shared pool.
    pub name: String,
    /// Counts the generations of one slot, from 1.
    pub generation: u32,
    /// What it is made from.
    pub settings: Settings,
    /// Who may send.
    pub gate: Arc<Gate>,
    /// Connections counted.
    pub counters: Arc<Counters>,
    /// Check-outs that nobody waits for any more.
    pub abandoned: Abandoned,
    /// Servers as last seen.
    pub topology: Arc<Topology>,
    /// The sessions of numbered writes.
    pub write_sessions: Arc<WriteSessions>,
    connection: Mutex<Connection>,
    attempts: AtomicU64,
    leases: AtomicUsize,
    all_released: Notify,
    last_used: AtomicU64,
    idle_since: Mutex<Instant>,
    draining: AtomicBool,
    cut_short: OnceLock<usize>,
    closed: OnceCell<()>,
    events: Events,
}

impl Pool {
    /// A pool that is not connected.
    pub fn new(name: &str, generation: u32, settings: Settings, events: Events) -> Arc<Self> {
        let topology = Arc::new(Topology::default());
        Arc::new(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            generation,
            gate: Arc::new(Gate::new(settings.max_pool_size, settings.wait_queue_timeout)),
            settings,
            counters: Arc::new(Counters::default()),
            abandoned: Abandoned::default(),
            write_sessions: Arc::new(WriteSessions::new(Arc::clone(&topology))),
            topology,
            connection: Mutex::new(Connection::Idle),
            attempts: AtomicU64::new(0),
            leases: AtomicUsize::new(0),
            all_released: Notify::new(),
            last_used: AtomicU64::new(now_ms()),
            idle_since: Mutex::new(Instant::now()),
            draining: AtomicBool::new(false),
            cut_short: OnceLock::new(),
            closed: OnceCell::new(),
            events,
        })
    }

    fn connection(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client; made now if this is the first use. All who ask meanwhile share one attempt and its failure.
    pub async fn client(self: &Arc<Self>) -> Result<Client, EngineError> {
        let (attempt, opening) = {
            let mut connection = self.connection();
            match &*connection {
                Connection::Open(client) => return Ok(client.clone()),
                Connection::Closed => return Err(closed()),
                Connection::Opening(attempt, opening) => (*attempt, opening.clone()),
                Connection::Idle => {
                    let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
                    let opening = Arc::clone(self).open().boxed().shared();
                    *connection = Connection::Opening(attempt, opening.clone());
                    (attempt, opening)
                }
            }
        };
        let outcome = opening.await;
        let mut connection = self.connection();
        match &*connection {
            Connection::Closed => return Err(closed()),
            Connection::Opening(current, _) if *current == attempt => match &outcome {
                Ok(client) => {
                    *connection = Connection::Open(client.clone());
                    drop(connection);
                    if !self.settings.streams {
                        self.events.pool_opened(&self.name, self.generation);
                    }
                }
                Err(_) => *connection = Connection::Idle,
            },
            _ => {}
        }
        outcome
    }

    async fn open(self: Arc<Self>) -> Result<Client, EngineError> {
        let mut options = self.settings.client_options().await?;
        let (counters, pool) = (Arc::clone(&self.counters), Arc::downgrade(&self));
        // What the streams' client does and sees of the same servers is no news.
        let events = (!self.settings.streams).then(|| self.events.clone());
        let told = events.clone();
        options.cmap_event_handler = Some(EventHandler::callback(move |event| {
            let _panicked = catch_unwind(AssertUnwindSafe(|| {
                if let Some(events) = &told {
                    connections::note(&event, events);
                }
                counters.note(&event);
                Attempt::note(&pool, event);
            }));
        }));
        let (topology, name, id) = (Arc::clone(&self.topology), self.name.clone(), self.id);
        options.sdam_event_handler = Some(EventHandler::callback(move |event| {
            let teller = events.as_ref().map(|events| Teller {
                pool: &name,
                id,
                events,
            });
            let _panicked = catch_unwind(AssertUnwindSafe(|| topology.note(&event, teller.as_ref())));
        }));
        if self.settings.monitor_commands {
            let (name, events) = (self.name.clone(), self.events.clone());
            options.command_event_handler = Some(EventHandler::callback(move |event| {
                let _panicked = catch_unwind(AssertUnwindSafe(|| commands::note(event, &name, &events)));
            }));
        }
        Client::with_options(options).map_err(|error| convert::setup_error(&error))
    }

    /// Waits for a place inside; `None` when one is `kept` from before.
    pub async fn place(&self, kept: bool) -> Result<Option<Permit>, EngineError> {
        if kept {
            return Ok(None);
        }
        self.gate.enter().admitted().await.map(Some)
    }

    /// Whether writes of this pool carry numbers; waits for a first server if none was seen yet.
    pub async fn numbers_writes(&self) -> Result<bool, EngineError> {
        if !self.settings.retry_writes {
            return Ok(false);
        }
        self.is_replicated().await
    }

    /// Whether it is a deployment with numbers and transactions; waits for a first server if none was seen yet.
    pub async fn is_replicated(&self) -> Result<bool, EngineError> {
        self.seen().await?;
        Ok(self.topology.supports_numbers().unwrap_or(false))
    }

    /// Whether what it sends goes to routers; waits for a first server if none was seen yet.
    pub async fn has_routers(&self) -> Result<bool, EngineError> {
        self.seen().await?;
        Ok(self.topology.has_routers())
    }

    async fn seen(&self) -> Result<(), EngineError> {
        let limit = self.settings.server_selection_timeout;
        if self.topology.supports_numbers().is_some() || self.topology.seen(limit).await {
            return Ok(());
        }
        Err(self.no_server(limit))
    }

    /// The error of who waited for a server in vain.
    fn no_server(&self, limit: Duration) -> EngineError {
        EngineError::new(ErrorKind::ServerSelection, self.why_no_server(limit))
    }

    /// An error as its reader needs it: a server that was not found is explained by what is known of each.
    pub fn explained(&self, mut error: EngineError) -> EngineError {
        if error.kind == ErrorKind::ServerSelection {
            error.message = self.why_no_server(self.settings.server_selection_timeout);
        }
        error
    }

    fn why_no_server(&self, limit: Duration) -> String {
        let snapshot = self.topology.snapshot();
        let (wanted, found) = if snapshot.usable {
            ("suitable server", "found")
        } else {
            ("server", "reached")
        };
        let mut text = format!("No {wanted} could be {found} within {} ms", limit.as_millis());
        // The driver forgets servers that say they are of another set.
        if snapshot.servers.is_empty() && snapshot.kind.starts_with("ReplicaSet") {
            text.push_str(": none of the hosts is a member of the replica set that replicaSet names");
        }
        for (index, server) in snapshot.servers.iter().enumerate() {
            let separator = if index == 0 { ':' } else { ';' };
            let reason = server.error.as_deref().unwrap_or(&server.kind);
            let _infallible = write!(text, "{separator} {}: {reason}", server.address);
            if let Some(advice) = tls_advice(reason, self.settings.uses_tls()) {
                let _infallible = write!(text, " ({advice})");
            }
        }
        text
    }

    pub(super) fn lease_taken(&self) {
        self.leases.fetch_add(1, Ordering::AcqRel);
        self.last_used.store(now_ms(), Ordering::Relaxed);
    }

    pub(super) fn lease_released(&self) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.last_used.store(now_ms(), Ordering::Relaxed);
        if self.leases.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.all_released.notify_waiters();
        }
    }

    /// How many leases are held.
    pub fn leases(&self) -> usize {
        self.leases.load(Ordering::Acquire)
    }

    /// When it was used last, in milliseconds since 1970.
    pub fn last_used(&self) -> u64 {
        self.last_used.load(Ordering::Relaxed)
    }

    /// Since when nobody holds a lease.
    pub fn idle_since(&self) -> Option<Instant> {
        (self.leases() == 0).then(|| *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nobody new gets a lease: another generation has taken its place, or it is to be closed.
    pub fn retire(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// See [`Pool::retire`].
    pub fn is_retired(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Waits until the last lease is released.
    pub async fn drained(&self) {
        loop {
            let released = self.all_released.notified();
            tokio::pin!(released);
            // Registered before the count is read, or the last release could be missed.
            released.as_mut().enable();
            if self.leases() == 0 {
                return;
            }
            released.await;
        }
    }

    /// Whether the client exists.
    pub fn is_open(&self) -> bool {
        matches!(*self.connection(), Connection::Open(_))
    }

    /// Whether it is closed for good.
    pub fn is_closed(&self) -> bool {
        matches!(*self.connection(), Connection::Closed)
    }

    /// `idle`, `connecting`, `connected`, `disconnected`, `closing` or `closed`.
    pub fn state(&self) -> &'static str {
        match &*self.connection() {
            Connection::Closed => "closed",
            _ if self.is_retired() => "closing",
            Connection::Idle => "idle",
            Connection::Opening(..) => "connecting",
            Connection::Open(_) if self.topology.snapshot().usable => "connected",
            Connection::Open(_) if self.topology.supports_numbers().is_none() => "connecting",
            Connection::Open(_) => "disconnected",
        }
    }

    /// Notes how much of what ran on it is being cancelled; who does it first counts.
    pub fn note_cut_short(&self, units: usize) {
        self.cut_short.get_or_init(|| units);
    }

    /// See [`Pool::note_cut_short`].
    pub fn cut_short(&self) -> usize {
        self.cut_short.get().copied().unwrap_or_default()
    }

    /// Ends the sessions, closes the sockets; whoever calls it first says why, all wait for the end of it. Takes at most
    /// twice [`SHUTDOWN_LIMIT`].
    pub async fn shut_down(&self, reason: PoolClosedReason) {
        self.retire();
        self.closed.get_or_init(|| self.shut_down_once(reason)).await;
    }

    async fn shut_down_once(&self, reason: PoolClosedReason) {
        self.gate.close();
        let before = std::mem::replace(&mut *self.connection(), Connection::Closed);
        self.write_sessions.clear();
        self.abandoned.clear();
        let Connection::Open(client) = before else {
            return;
        };
        // The patient way lets the clean-up of dropped cursors and sessions run first, but waits for ever for a handle
        // that somebody still holds.
        let patient = tokio::time::timeout(SHUTDOWN_LIMIT, client.clone().shutdown()).await;
        if patient.is_err() {
            let _cut_short = tokio::time::timeout(SHUTDOWN_LIMIT, client.shutdown().immediate(true)).await;
        }
        if !self.settings.streams {
            self.events.pool_closed(&self.name, self.generation, reason);
        }
    }
}

fn closed() -> EngineError {
    EngineError::new(ErrorKind::Closed, "The connection pool is closed")
}
