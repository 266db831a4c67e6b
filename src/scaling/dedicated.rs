//! Dedicated pools: given to databases, changed while they work, taken away.

use std::{sync::Arc, time::Duration};

use bson::rawdoc;

use super::drain::drain;
use crate::{
    engine::{
        Engine,
        error::{EngineError, ErrorKind},
        execute::{As, Work},
        request::{Purpose, Request},
    },
    pool::{
        attempt::Attempt, config::PoolConfig, lease::Lease, pool::Pool, router::Router, settings::Settings,
    },
    telemetry::events::{Level, PoolClosedReason},
};

/// How long closing a pool waits for its last user before it goes on behind the scenes.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// What a call of `configure` wants.
pub struct Changes {
    names: Vec<String>,
    settings: Option<Settings>,
}

/// Reads the names and the settings; nothing is changed yet.
pub fn plan(router: &Router, names: &str, pool: Option<&str>) -> Result<Changes, EngineError> {
    let names: Vec<String> = match serde_json::from_str(names) {
        Ok(serde_json::Value::Array(names)) => names
            .into_iter()
            .filter_map(|name| name.as_str().map(String::from))
            .collect(),
        _ => Vec::new(),
    };
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err(EngineError::new(
            ErrorKind::InvalidArgument,
            "A list of database names is expected",
        ));
    }
    let shared = router.shared().settings();
    let settings = pool
        .map(|pool| shared.dedicated(&PoolConfig::parse(pool)?))
        .transpose()?;
    Ok(Changes { names, settings })
}

/// Routes databases that had no pool of their own at once: the very next operation must not go to the shared servers.
pub fn add_new(router: &Router, changes: &Changes) {
    let Some(settings) = &changes.settings else { return };
    for name in changes
        .names
        .iter()
        .filter(|name| router.dedicated_slot(name).is_none())
    {
        router.add(name, settings.clone());
    }
}

/// Makes the changes: a pool that is in use gets a new generation, which must be able to serve before it takes over.
pub async fn carry_out(engine: &Arc<Engine>, changes: Changes) -> Result<(), EngineError> {
    for name in &changes.names {
        match &changes.settings {
            None => {
                if let Some(pool) = engine.router.remove(name) {
                    engine
                        .runtime
                        .spawn(drain(Arc::clone(engine), pool, PoolClosedReason::Close));
                }
            }
            Some(settings) => give(engine, name, settings).await?,
        }
    }
    Ok(())
}

async fn give(engine: &Arc<Engine>, name: &str, settings: &Settings) -> Result<(), EngineError> {
    let Some(slot) = engine.router.dedicated_slot(name) else {
        engine.router.add(name, settings.clone());
        return Ok(());
    };
    let current = slot.current();
    let same_but_for_ttl = current.as_ref().is_none_or(|pool| {
        let mut theirs = pool.settings.clone();
        theirs.ttl = settings.ttl;
        theirs == *settings || !pool.is_open()
    });
    if same_but_for_ttl {
        let stale = current.filter(|pool| !pool.is_open() && pool.settings != *settings);
        slot.set_settings(settings.clone());
        if stale.is_some() {
            retire(engine, slot.retire());
        }
    } else {
        let next = slot.prepare(settings.clone());
        if let Err(error) = serves(engine, &next).await {
            next.pool().shut_down(PoolClosedReason::Close).await;
            return Err(error);
        }
        retire(engine, slot.install(next.pool()));
        engine.events.log(
            Level::Info,
            "pool",
            &format!("The pool of {name:?} has new settings"),
        );
    }
    engine.router.follow(name, settings);
    Ok(())
}

fn retire(engine: &Arc<Engine>, before: Option<Arc<Pool>>) {
    if let Some(before) = before {
        engine
            .runtime
            .spawn(drain(Arc::clone(engine), before, PoolClosedReason::Replaced));
    }
}

/// Waits until a prepared generation can serve.
async fn serves(engine: &Arc<Engine>, next: &Lease) -> Result<(), EngineError> {
    let request = Request {
        db: String::from("admin"),
        session: 0,
        purpose: Purpose::Read,
        body: rawdoc! { "ping": 1 },
        meta: None,
    };
    let (operations, attempt) = (Arc::clone(&engine.operations), Arc::<Attempt>::default());
    let work = Work::new(request, false, Arc::clone(next.pool()), operations, attempt)?;
    work.execute(As::Nobody).await.map(drop)
}

/// Closes a retired pool: at once if nobody uses it, else after its last user, whom this waits for only so long.
pub async fn close(engine: &Arc<Engine>, pool: Arc<Pool>) {
    let closing = engine
        .runtime
        .spawn(drain(Arc::clone(engine), pool, PoolClosedReason::Close));
    let _goes_on_alone = tokio::time::timeout(CLOSE_PATIENCE, closing).await;
}
