//! Check-outs that were given up while they waited in the driver's pool.
//!
//! The driver looks at its queue once for each thing that happens to a pool, serves one request, and does not notice
//! that nobody waits for it any more until then. Where a free connection meets an abandoned request nothing further
//! happens, and whoever waits behind it waits for the driver's next round, half a second later; once for each. So
//! something is made to happen: pings, which stand in the queue like everybody else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use bson::doc;
use mongodb::{
    Client,
    options::{SelectionCriteria, ServerAddress},
};
use tokio::{runtime::Handle, task::JoinSet};

use super::pool::Pool;

/// Connections come back one by one; when none has come back for so long, whoever still waits is not being served.
const QUIET: Duration = Duration::from_millis(5);

/// The abandoned check-outs of one pool.
#[derive(Default)]
pub struct Abandoned {
    /// How many may still stand in the queue of a server. Where there are some, a task sweeps.
    counts: Mutex<HashMap<ServerAddress, usize>>,
    sweeps: Mutex<JoinSet<()>>,
}

impl Abandoned {
    fn counts(&self) -> MutexGuard<'_, HashMap<ServerAddress, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, address: &ServerAddress) -> usize {
        self.counts().get(address).copied().unwrap_or_default()
    }

    /// Forgets `count` of them; whether none is left.
    fn are_gone(&self, address: &ServerAddress, count: usize) -> bool {
        let mut counts = self.counts();
        let left = counts
            .get(address)
            .map_or(0, |before| before.saturating_sub(count));
        if left == 0 {
            counts.remove(address);
        } else {
            counts.insert(address.clone(), left);
        }
        left == 0
    }

    fn sweeps(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.sweeps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all sweeping: the pool is being closed.
    pub fn clear(&self) {
        self.sweeps().abort_all();
    }
}

/// Notes a check-out at `address` that nobody waits for any more, and sees to it that it holds nobody up.
pub fn abandon(pool: &Arc<Pool>, address: ServerAddress) {
    let abandoned = &pool.abandoned;
    let sweeping = {
        let mut counts = abandoned.counts();
        let count = counts.entry(address.clone()).or_default();
        *count += 1;
        *count > 1
    };
    let Ok(runtime) = Handle::try_current() else {
        return;
    };
    if !sweeping && !pool.is_closed() {
        let mut sweeps = abandoned.sweeps();
        while sweeps.try_join_next().is_some() {}
        sweeps.spawn_on(sweep(Arc::downgrade(pool), address), &runtime);
    }
}

/// Pings until none of the abandoned is left.
async fn sweep(pool: Weak<Pool>, address: ServerAddress) {
    loop {
        let Some(known) = pool.upgrade() else { return };
        let (Ok(client), count) = (known.client().await, known.abandoned.count(&address)) else {
            return;
        };
        let mut nudges = JoinSet::new();
        // First come, first served: when this one is through, so are those before it.
        let mut through = std::pin::pin!(ping(client.clone(), address.clone()));
        let (mut returned, mut last_nudge) = (known.counters.returned(), None);
        drop(known);
        while tokio::time::timeout(QUIET, &mut through).await.is_err() {
            let Some(known) = pool.upgrade() else { return };
            let now = known.counters.returned();
            if now == returned && last_nudge != Some(now) {
                last_nudge = Some(now);
                // Each takes one away; one more serves the first that somebody waits for, and its connection the others.
                for _ in 0..=known.abandoned.count(&address) {
                    nudges.spawn(ping(client.clone(), address.clone()));
                }
            }
            returned = now;
        }
        // Given up, they would be abandoned themselves.
        while nudges.join_next().await.is_some() {}
        let Some(known) = pool.upgrade() else { return };
        if known.abandoned.are_gone(&address, count) {
            return;
        }
    }
}

async fn ping(client: Client, address: ServerAddress) {
    let there = SelectionCriteria::Predicate(Arc::new(move |server| *server.address() == address));
    let admin = client.database("admin");
    let ping = admin.run_command(doc! { "ping": 1 }).selection_criteria(there);
    // An error means that the pool was cleared, and its queue with it.
    let _through = ping.await;
}
