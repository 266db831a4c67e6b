//! Closing: what is running may finish until a deadline, the rest is cancelled, then every socket is closed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bson::{RawDocumentBuf, rawdoc};
use futures_util::future::join_all;
use serde_json::Value;

use super::{Engine, cursor::OpenCursor, session::Session};
use crate::{pool::pool::Pool, telemetry::events::PoolClosedReason};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// What cancelled operations and aborted transactions get to come to an end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Whether new work is accepted.
#[derive(Default)]
pub struct Lifecycle {
    refusing: AtomicBool,
}

impl Lifecycle {
    /// New work is refused.
    pub fn refuses(&self) -> bool {
        self.refusing.load(Ordering::Acquire)
    }

    /// New work is accepted again.
    pub fn reopen(&self) {
        self.refusing.store(false, Ordering::Release);
    }
}

/// How to close.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Cancel what is running at once.
    force: bool,
    /// How long it may go on otherwise.
    timeout: Duration,
    /// Refuse new work until [`Engine::reopen`]; else the next use opens new pools.
    refuse: bool,
    /// Open cursors are not waited for: nobody may ever read on.
    close_cursors: bool,
}

impl Options {
    /// Reads `{force?, timeoutMS?, refuse?}`.
    pub fn parse(json: &str) -> Self {
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        let timeout = value
            .get("timeoutMS")
            .and_then(Value::as_f64)
            .filter(|timeout| *timeout >= 0.0);
        Self {
            force: flag("force"),
            timeout: timeout.map_or(DEFAULT_TIMEOUT, |timeout| {
                Duration::from_millis(timeout.min(1.0e12) as u64)
            }),
            refuse: flag("refuse"),
            close_cursors: flag("closeCursors"),
        }
    }

    /// At once and for good.
    pub fn forced() -> Self {
        Self {
            force: true,
            timeout: Duration::ZERO,
            refuse: true,
            close_cursors: true,
        }
    }
}

impl Engine {
    /// Starts closing now; the future carries it through and yields `{drained, cancelled}`.
    pub(super) fn close_all(
        self: Arc<Self>,
        options: Options,
    ) -> impl Future<Output = RawDocumentBuf> + Send + use<> {
        if options.refuse {
            self.lifecycle.refusing.store(true, Ordering::Release);
        }
        // Taken out of their slots here and now: what is submitted later belongs to another generation.
        for slot in self.router.slots().iter().chain(&self.router.stream_slots()) {
            if let Some(pool) = slot.retire() {
                self.router.note_retired(&pool);
            }
        }
        let pools: Vec<Arc<Pool>> = self.router.retired().clone();
        let ids: Vec<u64> = pools.iter().map(|pool| pool.id).collect();
        let before = self.units(&ids);
        let streams = self.streams.close_all();
        let handles: Vec<i64> = self.sessions().keys().copied().collect();
        if options.close_cursors {
            self.close_cursors(|cursor| ids.contains(&cursor.pool));
        }
        async move {
            streams.await;
            let sessions = self.sessions_on(&ids);
            for session in &sessions {
                self.nudge(Arc::clone(session));
            }
            let deadline = Instant::now()
                + if options.force {
                    Duration::ZERO
                } else {
                    options.timeout
                };
            let all_drained = join_all(pools.iter().map(|pool| pool.drained()));
            if tokio::time::timeout_at(deadline.into(), all_drained)
                .await
                .is_err()
            {
                self.cut_short(&pools, &ids).await;
            }
            let cancelled: usize = pools.iter().map(|pool| pool.cut_short()).sum();
            join_all(pools.iter().map(|pool| pool.shut_down(PoolClosedReason::Close))).await;
            for pool in &pools {
                self.router.forget_retired(pool);
            }
            if options.refuse {
                self.sessions().retain(|handle, _| !handles.contains(handle));
            }
            let drained = before.saturating_sub(cancelled);
            rawdoc! { "drained": count(drained), "cancelled": count(cancelled) }
        }
    }

    fn sessions_on(&self, pools: &[u64]) -> Vec<Arc<Session>> {
        self.sessions()
            .values()
            .filter(|session| pools.contains(&session.pool()))
            .cloned()
            .collect()
    }

    /// What runs on these pools: operations, open cursors, open transactions.
    fn units(&self, pools: &[u64]) -> usize {
        let transactions = self
            .sessions_on(pools)
            .iter()
            .filter(|session| session.in_transaction())
            .count();
        let cursors = self.cursors.count(|cursor| pools.contains(&cursor.pool));
        self.operations.running_on(pools) + cursors + transactions
    }

    /// Cancels what is left on these pools and gives it a moment to end.
    async fn cut_short(&self, pools: &[Arc<Pool>], ids: &[u64]) {
        for pool in pools {
            pool.note_cut_short(self.units(&[pool.id]));
        }
        self.operations.interrupt_all(ids);
        let sessions = self.sessions_on(ids);
        self.close_cursors(|cursor| ids.contains(&cursor.pool) && cursor.session.is_some());
        for session in &sessions {
            session.kill();
        }
        let end = tokio::time::Instant::now() + LAST_WORDS;
        let given_up = join_all(
            sessions
                .iter()
                .map(|session| session.give_up("the client was closed")),
        );
        let _left_to_the_server = tokio::time::timeout_at(end, given_up).await;
        // Each closes the server's cursor as well, and there may be thousands: the transactions' locks come first.
        self.close_cursors(|cursor| ids.contains(&cursor.pool));
        let drained = join_all(pools.iter().map(|pool| pool.drained()));
        let _whoever_is_left_loses_its_sockets = tokio::time::timeout_at(end, drained).await;
    }

    fn close_cursors(&self, wanted: impl Fn(&OpenCursor) -> bool) {
        for cursor in self.cursors.remove_where(wanted) {
            cursor.close();
        }
    }
}

fn count(units: usize) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}
