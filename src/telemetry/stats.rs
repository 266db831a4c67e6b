//! The statistics, as JSON.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    engine::Engine,
    pool::{pool::Pool, settings::Settings, slot::Slot},
};

/// Collects them; nothing is asked of a server.
pub fn collect(engine: &Engine) -> String {
    let slots = engine.router.slots();
    let retired: Vec<Arc<Pool>> = engine.router.retired().clone();
    let mut pools: Vec<Value> = slots.iter().map(|slot| of_slot(slot)).collect();
    pools.extend(
        engine
            .router
            .stream_slots()
            .iter()
            .filter_map(|slot| slot.current())
            .map(|pool| of_pool(&pool)),
    );
    pools.extend(retired.iter().map(|pool| of_pool(pool)));
    let [started, succeeded, failed, retried] = engine.operations.totals();
    let queued: usize = slots
        .iter()
        .filter_map(|slot| slot.current())
        .map(|pool| pool.gate.queued())
        .sum();
    let databases: Vec<Value> = engine
        .databases
        .lines()
        .iter()
        .map(|line| {
            json!({
                "name": line.name,
                "lastUsedMS": line.last_used,
                "operations": line.operations,
                "inFlight": line.in_flight,
            })
        })
        .collect();
    json!({
        "state": state(engine, &retired),
        "pools": pools,
        "operations": {
            "started": started,
            "succeeded": succeeded,
            "failed": failed,
            "retried": retried,
            "inFlight": engine.operations.running(),
            "queued": queued,
        },
        "openCursors": engine.cursors.count(|_| true),
        "openSessions": engine.sessions().len(),
        "openStreams": engine.streams.count(),
        "databases": databases,
    })
    .to_string()
}

fn state(engine: &Engine, retired: &[Arc<Pool>]) -> &'static str {
    let closing = retired
        .iter()
        .any(|pool| pool.name.is_empty() && !pool.settings.streams);
    if engine.lifecycle.refuses() {
        return if closing { "closing" } else { "closed" };
    }
    match engine.router.shared().current() {
        Some(pool) => pool.state(),
        None if closing => "closing",
        None => "idle",
    }
}

fn of_slot(slot: &Slot) -> Value {
    slot.current().map_or_else(
        || of_settings(&slot.name, &slot.settings(), slot.generations()),
        |pool| of_pool(&pool),
    )
}

/// A pool that is not open: never, or not any more.
fn of_settings(name: &str, settings: &Settings, generations: u32) -> Value {
    json!({
        "name": name,
        "streams": settings.streams,
        "hosts": settings.hosts,
        "state": if generations == 0 { "idle" } else { "closed" },
        "generation": generations,
        "totalConnections": 0,
        "availableConnections": 0,
        "inUseConnections": 0,
        "createdConnections": 0,
        "droppedConnections": 0,
        "clearedTimes": 0,
        "waitQueueSize": 0,
        "maxPoolSize": settings.max_pool_size,
        "minPoolSize": settings.min_pool_size,
        "maxIdleTimeMS": settings.max_idle_time.map(|time| time.as_millis() as u64),
        "ttlMS": settings.ttl.map(|time| time.as_millis() as u64),
        "leases": 0,
        "writeSessions": 0,
        "quarantinedSessions": 0,
        "lastUsedMS": null,
        "setName": null,
        "topology": "Unknown",
    })
}

fn of_pool(pool: &Pool) -> Value {
    let snapshot = pool.topology.snapshot();
    let (total, in_use) = (pool.counters.open(), pool.counters.in_use());
    let (idle, quarantined) = pool.write_sessions.count();
    let seen: Vec<&String> = snapshot.servers.iter().map(|server| &server.address).collect();
    let mut described = of_settings(&pool.name, &pool.settings, pool.generation);
    if !seen.is_empty()
        && let Some(hosts) = described.get_mut("hosts")
    {
        *hosts = json!(seen);
    }
    let lively = json!({
        "state": pool.state(),
        "totalConnections": total,
        "availableConnections": total.saturating_sub(in_use),
        "inUseConnections": in_use,
        "createdConnections": pool.counters.created(),
        "droppedConnections": pool.counters.dropped(),
        "clearedTimes": pool.counters.cleared(),
        "waitQueueSize": pool.gate.queued(),
        "leases": pool.leases(),
        "writeSessions": idle,
        "quarantinedSessions": quarantined,
        "lastUsedMS": pool.last_used(),
        "setName": snapshot.set_name,
        "topology": snapshot.kind,
    });
    if let (Some(described), Value::Object(lively)) = (described.as_object_mut(), lively) {
        described.extend(lively);
    }
    described
}
