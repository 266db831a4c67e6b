//! The place of a pool: it outlives the generations that come and go in it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

use super::{lease::Lease, pool::Pool, settings::Settings};
use crate::{scaling::ttl, telemetry::events::Events};

struct Inner {
    settings: Settings,
    current: Option<Arc<Pool>>,
    generations: u32,
    /// The pool that a task watches for idleness.
    watched: Option<u64>,
}

/// The place of the shared pool, of one dedicated pool, or of a streams' client.
pub struct Slot {
    /// The database; empty for the shared pool.
    pub name: String,
    inner: Mutex<Inner>,
    events: Events,
    runtime: Handle,
}

impl Slot {
    /// A slot; nothing is connected before the first use.
    pub fn new(name: &str, settings: Settings, events: Events, runtime: Handle) -> Arc<Self> {
        let inner = Inner {
            settings,
            current: None,
            generations: 0,
            watched: None,
        };
        Arc::new(Self {
            name: name.to_owned(),
            inner: Mutex::new(inner),
            events,
            runtime,
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lease on the current generation; a closed pool comes back to life here.
    pub fn lease(self: &Arc<Self>) -> Lease {
        let mut inner = self.inner();
        let pool = match &inner.current {
            Some(pool) => Arc::clone(pool),
            None => self.put_new(&mut inner),
        };
        let lease = Lease::new(&pool);
        self.watch(&mut inner);
        lease
    }

    fn put_new(&self, inner: &mut Inner) -> Arc<Pool> {
        let pool = self.generate(inner);
        inner.current = Some(Arc::clone(&pool));
        pool
    }

    fn generate(&self, inner: &mut Inner) -> Arc<Pool> {
        inner.generations += 1;
        Pool::new(
            &self.name,
            inner.generations,
            inner.settings.clone(),
            self.events.clone(),
        )
    }

    fn watch(self: &Arc<Self>, inner: &mut Inner) {
        let Some(pool) = &inner.current else { return };
        if inner.settings.ttl.is_none() || inner.watched == Some(pool.id) {
            return;
        }
        inner.watched = Some(pool.id);
        self.runtime
            .spawn(ttl::watch(Arc::downgrade(self), Arc::downgrade(pool)));
    }

    /// The pool of the moment, if there is one.
    pub fn current(&self) -> Option<Arc<Pool>> {
        self.inner().current.clone()
    }

    /// The settings that the next generation gets.
    pub fn settings(&self) -> Settings {
        self.inner().settings.clone()
    }

    /// The default deadline of operations, as the next generation has it.
    pub fn timeout(&self) -> Option<Duration> {
        self.inner().settings.timeout
    }

    /// How many generations there have been.
    pub fn generations(&self) -> u32 {
        self.inner().generations
    }

    /// Takes the current generation out; the next use opens another.
    pub fn retire(&self) -> Option<Arc<Pool>> {
        let pool = self.inner().current.take()?;
        pool.retire();
        Some(pool)
    }

    /// Changes the settings without touching the current generation.
    pub fn set_settings(self: &Arc<Self>, settings: Settings) {
        let mut inner = self.inner();
        inner.settings = settings;
        self.watch(&mut inner);
    }

    /// A generation with other settings, beside the current one; see [`Slot::install`].
    pub fn prepare(&self, settings: Settings) -> Lease {
        let mut inner = self.inner();
        inner.generations += 1;
        let pool = Pool::new(&self.name, inner.generations, settings, self.events.clone());
        Lease::new(&pool)
    }

    /// Puts a prepared generation in the place of the current one, which is returned retired.
    pub fn install(self: &Arc<Self>, pool: &Arc<Pool>) -> Option<Arc<Pool>> {
        let mut inner = self.inner();
        inner.settings = pool.settings.clone();
        let before = inner.current.replace(Arc::clone(pool));
        self.watch(&mut inner);
        drop(inner);
        if let Some(before) = &before {
            before.retire();
        }
        before
    }

    /// If `pool` is current and nobody used it for the slot's `ttl`, takes it out; else says when to look again.
    /// `Err(None)` means never: it is not watched any more.
    pub fn retire_if_idle(&self, pool: &Arc<Pool>) -> Result<(), Option<Instant>> {
        let mut inner = self.inner();
        let is_current = inner
            .current
            .as_ref()
            .is_some_and(|current| current.id == pool.id);
        let Some(ttl) = inner.settings.ttl.filter(|_| is_current) else {
            inner.watched = inner.watched.filter(|watched| *watched != pool.id);
            return Err(None);
        };
        let now = Instant::now();
        match pool.idle_since() {
            // Whoever holds a lease now will have been idle for `ttl` in `ttl` at the earliest.
            None => Err(Some(now + ttl)),
            Some(since) if since + ttl > now => Err(Some(since + ttl)),
            Some(_) => {
                inner.current = None;
                inner.watched = None;
                pool.retire();
                Ok(())
            }
        }
    }
}
