//! Which database uses which pool.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::runtime::Handle;

use super::{lease::Lease, pool::Pool, settings::Settings, slot::Slot};
use crate::telemetry::events::Events;

/// A dedicated pool and, if its connection string is its own, the client of its streams.
struct Dedicated {
    slot: Arc<Slot>,
    streams: Option<Arc<Slot>>,
}

/// The shared pool, the dedicated ones, and those that are on their way out.
pub struct Router {
    shared: Arc<Slot>,
    streams: Arc<Slot>,
    dedicated: RwLock<HashMap<String, Dedicated>>,
    any_dedicated: AtomicBool,
    retired: Mutex<Vec<Arc<Pool>>>,
    events: Events,
    runtime: Handle,
}

impl Router {
    /// A router with a shared pool only.
    pub fn new(settings: Settings, events: Events, runtime: Handle) -> Self {
        let streams = settings.for_streams();
        Self {
            shared: Slot::new("", settings, events.clone(), runtime.clone()),
            streams: Slot::new("", streams, events.clone(), runtime.clone()),
            dedicated: RwLock::default(),
            any_dedicated: AtomicBool::new(false),
            retired: Mutex::default(),
            events,
            runtime,
        }
    }

    /// The slot of the shared pool.
    pub fn shared(&self) -> &Arc<Slot> {
        &self.shared
    }

    /// The slot that serves `db`.
    pub fn slot(&self, db: &str) -> Arc<Slot> {
        self.dedicated_slot(db)
            .unwrap_or_else(|| Arc::clone(&self.shared))
    }

    /// The dedicated slot of `db`.
    pub fn dedicated_slot(&self, db: &str) -> Option<Arc<Slot>> {
        if !self.any_dedicated.load(Ordering::Acquire) {
            return None;
        }
        let dedicated = self.dedicated.read().unwrap_or_else(PoisonError::into_inner);
        dedicated.get(db).map(|dedicated| Arc::clone(&dedicated.slot))
    }

    /// The slot whose client carries the streams of `db`.
    pub fn streams(&self, db: Option<&str>) -> Arc<Slot> {
        let dedicated = self.dedicated.read().unwrap_or_else(PoisonError::into_inner);
        let own = db
            .and_then(|db| dedicated.get(db))
            .and_then(|dedicated| dedicated.streams.as_ref());
        Arc::clone(own.unwrap_or(&self.streams))
    }

    /// A lease on the pool of `db`.
    pub fn lease(&self, db: &str) -> Lease {
        self.slot(db).lease()
    }

    /// Gives `db` a slot of its own; nothing is connected.
    pub fn add(&self, db: &str, settings: Settings) {
        let streams = settings.own_uri.then(|| {
            Slot::new(
                db,
                settings.for_streams(),
                self.events.clone(),
                self.runtime.clone(),
            )
        });
        let slot = Slot::new(db, settings, self.events.clone(), self.runtime.clone());
        let mut dedicated = self.dedicated.write().unwrap_or_else(PoisonError::into_inner);
        dedicated.insert(db.to_owned(), Dedicated { slot, streams });
        self.any_dedicated.store(true, Ordering::Release);
    }

    /// Follows a change of a dedicated pool's connection string: its streams go where it goes from now on.
    pub fn follow(&self, db: &str, settings: &Settings) {
        let mut all = self.dedicated.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(dedicated) = all.get_mut(db) {
            let wanted = settings.own_uri.then(|| settings.for_streams());
            if dedicated.streams.as_ref().map(|streams| streams.settings()) != wanted {
                // Streams that are open keep the old client by their leases; it closes itself after them.
                dedicated.streams =
                    wanted.map(|settings| Slot::new(db, settings, self.events.clone(), self.runtime.clone()));
            }
        }
    }

    /// Back to the shared pool. The generation that was in use is returned retired.
    pub fn remove(&self, db: &str) -> Option<Arc<Pool>> {
        let mut dedicated = self.dedicated.write().unwrap_or_else(PoisonError::into_inner);
        let removed = dedicated.remove(db);
        self.any_dedicated.store(!dedicated.is_empty(), Ordering::Release);
        drop(dedicated);
        removed.and_then(|removed| removed.slot.retire())
    }

    /// All slots that serve operations, the shared one first.
    pub fn slots(&self) -> Vec<Arc<Slot>> {
        let dedicated = self.dedicated.read().unwrap_or_else(PoisonError::into_inner);
        let mut slots: Vec<_> = dedicated
            .values()
            .map(|dedicated| Arc::clone(&dedicated.slot))
            .collect();
        drop(dedicated);
        slots.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        slots.insert(0, Arc::clone(&self.shared));
        slots
    }

    /// All slots of streams' clients.
    pub fn stream_slots(&self) -> Vec<Arc<Slot>> {
        let dedicated = self.dedicated.read().unwrap_or_else(PoisonError::into_inner);
        let own = dedicated
            .values()
            .filter_map(|dedicated| dedicated.streams.clone());
        std::iter::once(Arc::clone(&self.streams)).chain(own).collect()
    }

    /// Keeps an eye on a generation that is on its way out.
    pub fn note_retired(&self, pool: &Arc<Pool>) {
        self.retired().push(Arc::clone(pool));
    }

    /// Forgets a generation that is closed.
    pub fn forget_retired(&self, pool: &Arc<Pool>) {
        self.retired().retain(|retired| retired.id != pool.id);
    }

    /// The generations on their way out.
    pub fn retired(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Pool>>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a session of `pool` may be used for what belongs into `slot`.
    pub fn same_cluster(pool: &Pool, slot: &Slot) -> bool {
        let theirs = slot
            .current()
            .map(|current| current.topology.facts())
            .unwrap_or_default();
        pool.settings
            .same_cluster(&slot.settings(), &pool.topology.facts(), &theirs)
    }
}
