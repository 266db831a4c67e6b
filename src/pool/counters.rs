//! Connections counted from the driver's pool events.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use mongodb::event::cmap::{CmapEvent, ConnectionClosedReason};

/// The connections of one pool, over all its servers.
#[derive(Debug, Default)]
pub struct Counters {
    open: AtomicI64,
    in_use: AtomicI64,
    created: AtomicU64,
    dropped: AtomicU64,
    cleared: AtomicU64,
    returned: AtomicU64,
}

impl Counters {
    /// Takes one event. Runs inline in the driver: it only touches atomics.
    pub fn note(&self, event: &CmapEvent) {
        match event {
            CmapEvent::ConnectionCreated(_) => {
                self.open.fetch_add(1, Ordering::Relaxed);
                self.created.fetch_add(1, Ordering::Relaxed);
            }
            CmapEvent::ConnectionClosed(closed) => {
                self.open.fetch_sub(1, Ordering::Relaxed);
                if closed.reason == ConnectionClosedReason::Dropped {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            CmapEvent::ConnectionCheckedOut(_) => {
                self.in_use.fetch_add(1, Ordering::Relaxed);
            }
            CmapEvent::ConnectionCheckedIn(_) => {
                self.in_use.fetch_sub(1, Ordering::Relaxed);
                self.returned.fetch_add(1, Ordering::Relaxed);
            }
            CmapEvent::ConnectionReady(_) => {
                self.returned.fetch_add(1, Ordering::Relaxed);
            }
            CmapEvent::PoolCleared(_) => {
                self.cleared.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// Connections that exist or are being made.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed).max(0).unsigned_abs()
    }

    /// Connections that carry a command right now.
    pub fn in_use(&self) -> u64 {
        self.in_use.load(Ordering::Relaxed).max(0).unsigned_abs()
    }

    /// Connections ever made.
    pub fn created(&self) -> u64 {
        self.created.load(Ordering::Relaxed)
    }

    /// Connections closed because their operation was cancelled.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// How often a connection became free, or was made.
    pub fn returned(&self) -> u64 {
        self.returned.load(Ordering::Relaxed)
    }

    /// How often a pool was cleared after an error.
    pub fn cleared(&self) -> u64 {
        self.cleared.load(Ordering::Relaxed)
    }
}
