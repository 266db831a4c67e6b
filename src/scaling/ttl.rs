//! Closes a pool that nobody has used for its `ttl`.

use std::sync::Weak;

use crate::{
    pool::{pool::Pool, slot::Slot},
    telemetry::events::PoolClosedReason,
};

/// Watches one generation until it is closed, replaced or not to be watched any more.
pub async fn watch(slot: Weak<Slot>, pool: Weak<Pool>) {
    loop {
        let verdict = match (slot.upgrade(), pool.upgrade()) {
            (Some(slot), Some(pool)) => match slot.retire_if_idle(&pool) {
                Ok(()) => Ok(pool),
                Err(next) => Err(next),
            },
            _ => return,
        };
        match verdict {
            Ok(pool) => return pool.shut_down(PoolClosedReason::Ttl).await,
            Err(None) => return,
            // Nothing is held while it sleeps.
            Err(Some(next)) => tokio::time::sleep_until(next.into()).await,
        }
    }
}
