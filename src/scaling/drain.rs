//! Letting a generation come to its end: nothing that runs on it is disturbed.

use std::sync::Arc;

use crate::{engine::Engine, pool::pool::Pool, telemetry::events::PoolClosedReason};

/// Waits until nobody uses a retired generation, then closes it.
pub async fn drain(engine: Arc<Engine>, pool: Arc<Pool>, reason: PoolClosedReason) {
    engine.router.note_retired(&pool);
    let sessions: Vec<_> = engine
        .sessions()
        .values()
        .filter(|session| session.pool() == pool.id)
        .cloned()
        .collect();
    for session in sessions {
        engine.nudge(session);
    }
    pool.drained().await;
    pool.shut_down(reason).await;
    engine.router.forget_retired(&pool);
}
