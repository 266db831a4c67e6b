//! A user's session: its place in the order of things, its clocks, its transaction.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bson::{RawDocumentBuf, Timestamp, doc, rawdoc};
use futures_util::FutureExt;
use mongodb::{Client, ClientSession, ClusterTime, options::TransactionOptions};
use tokio::{
    runtime::Handle,
    sync::{OwnedMutexGuard, watch},
};

use super::{
    convert,
    error::{EngineError, ErrorKind},
    transaction_options::SessionOptions,
};
use crate::pool::{gate::Permit, lease::Lease, pool::Pool};

/// What giving up a transaction may take before it is left to the server.
const GIVE_UP_LIMIT: Duration = Duration::from_secs(2);

/// Where the session's transaction stands.
pub enum Transaction {
    /// There is none.
    None,
    /// Asked for; the first command will start it.
    Recorded(TransactionOptions),
    /// The driver knows of it.
    Running,
    /// Committed; the commit may be repeated, unless nothing was ever sent.
    Committed {
        /// Nothing was ever sent.
        empty: bool,
    },
    /// Aborted by the user.
    Aborted,
    /// Aborted by us, and why.
    Lost(String),
}

/// What an operation of the session works on, one operation at a time. Dropped in this order: the pool must outlive the
/// driver's session.
pub struct State {
    /// The driver's session; made at the first use.
    pub client: Option<ClientSession>,
    /// The pool it belongs to.
    pub lease: Option<Lease>,
    /// Its place in the pool while a command runs, and behind a load balancer as long as it keeps a connection.
    pub permit: Option<Permit>,
    /// See [`Transaction`].
    pub transaction: Transaction,
    /// A command in the transaction has been sent and its outcome is not known.
    pub unsettled: bool,
    /// A commit has failed, so the server may still hold the transaction.
    pub commit_in_doubt: bool,
    /// Nothing may be done any more.
    pub ended: bool,
}

impl State {
    /// Gives up its place in the pool, unless its connection is kept.
    pub fn leave_place(&mut self) -> Option<Permit> {
        if self.keeps_connection() {
            return None;
        }
        self.permit.take()
    }

    /// Whether the driver's session keeps its connection: behind a load balancer, from the first command of a transaction
    /// to the next one after its commit (specification of load balancers).
    fn keeps_connection(&self) -> bool {
        let pinned = matches!(
            self.transaction,
            Transaction::Running | Transaction::Committed { empty: false }
        );
        let pool = self.lease.as_ref().map(Lease::pool);
        pinned && pool.is_some_and(|pool| pool.topology.is_load_balanced())
    }
}

/// What a synchronous caller may read.
#[derive(Default)]
struct Info {
    id: Option<bson::Document>,
    cluster_time: Option<ClusterTime>,
    operation_time: Option<Timestamp>,
    snapshot_time: Option<Timestamp>,
    in_transaction: bool,
    /// Drawn for a caller who asked for the id before the first use. Dropped before the lease: the pool must outlive it.
    drawn: Option<ClientSession>,
    lease: Option<Lease>,
}

/// A session.
pub struct Session {
    /// How it was started.
    pub options: SessionOptions,
    state: Arc<tokio::sync::Mutex<State>>,
    info: Mutex<Info>,
    open_cursors: AtomicUsize,
    kill: watch::Sender<u64>,
}

/// A place in the session's order, taken the moment [`Session::enter`] was called.
pub enum Turn {
    /// Nobody is ahead.
    Now(OwnedMutexGuard<State>),
    /// Others are ahead.
    Queued(Pin<Box<dyn Future<Output = OwnedMutexGuard<State>> + Send>>),
}

impl Turn {
    /// Waits for it.
    pub async fn taken(self) -> OwnedMutexGuard<State> {
        match self {
            Self::Now(state) => state,
            Self::Queued(waiting) => waiting.await,
        }
    }
}

impl Session {
    /// A session that has not been used.
    pub fn new(options: SessionOptions) -> Arc<Self> {
        let state = State {
            client: None,
            lease: None,
            permit: None,
            transaction: Transaction::None,
            unsettled: false,
            commit_in_doubt: false,
            ended: false,
        };
        Arc::new(Self {
            options,
            state: Arc::new(tokio::sync::Mutex::new(state)),
            info: Mutex::default(),
            open_cursors: AtomicUsize::new(0),
            kill: watch::Sender::new(0),
        })
    }

    fn info(&self) -> MutexGuard<'_, Info> {
        self.info.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, in the order of the calls: spawned tasks reach a lock in any order.
    pub fn enter(&self) -> Turn {
        if let Ok(state) = Arc::clone(&self.state).try_lock_owned() {
            return Turn::Now(state);
        }
        let mut waiting: Pin<Box<dyn Future<Output = OwnedMutexGuard<State>> + Send>> =
            Box::pin(Arc::clone(&self.state).lock_owned());
        // The first poll is what takes the place.
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(state) => Turn::Now(state),
            Poll::Pending => Turn::Queued(waiting),
        }
    }

    /// Whether what is submitted now belongs to a transaction.
    pub fn in_transaction(&self) -> bool {
        self.info().in_transaction
    }

    /// Says whether what is submitted from now on belongs to a transaction; returns what was said before.
    pub fn set_in_transaction(&self, value: bool) -> bool {
        std::mem::replace(&mut self.info().in_transaction, value)
    }

    /// The pool its driver's session belongs to, 0 for none.
    pub fn pool(&self) -> u64 {
        self.info().lease.as_ref().map_or(0, |lease| lease.pool().id)
    }

    /// How many cursors of it are open.
    pub fn open_cursors(&self) -> usize {
        self.open_cursors.load(Ordering::Relaxed)
    }

    /// Notes that a cursor was opened.
    pub fn cursor_opened(&self) {
        self.open_cursors.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a cursor was closed.
    pub fn cursor_closed(&self) {
        self.open_cursors.fetch_sub(1, Ordering::Relaxed);
    }

    /// Ends every wait of its commands for the server.
    pub fn kill(&self) {
        self.kill.send_modify(|kills| *kills += 1);
    }

    /// Hears of the next [`Session::kill`].
    pub fn kills(&self) -> watch::Receiver<u64> {
        self.kill.subscribe()
    }

    /// The server's name of it, `{id}`. It exists from the first use on, or from when somebody asks for it: then it is
    /// drawn on the pool that `lease` yields, unless one was chosen before.
    ///
    /// Draws nothing where that would take waiting: a pool that has to look its hosts up in the DNS first.
    pub fn id(&self, runtime: &Handle, lease: Option<impl FnOnce() -> Lease>) -> Option<RawDocumentBuf> {
        let mut info = self.info();
        if info.id.is_none()
            && let Some(lease) = lease
        {
            let lease = info.lease.get_or_insert_with(lease).clone();
            let _guard = runtime.enter();
            let client = lease.pool().client().now_or_never()?.ok()?;
            let drawn = runtime.block_on(self.begin(&client)).ok()?;
            info.id = Some(drawn.id().clone());
            info.drawn = Some(drawn);
        }
        info.id.as_ref().and_then(|id| RawDocumentBuf::try_from(id).ok())
    }

    async fn begin(&self, client: &Client) -> Result<ClientSession, EngineError> {
        let started = client
            .start_session()
            .causal_consistency(self.options.causal)
            .snapshot(self.options.snapshot)
            .await;
        started.map_err(|error| convert::setup_error(&error))
    }

    /// A driver's session for its first use: the one whose id was asked for, if there is one.
    pub async fn first(&self, client: &Client) -> Result<ClientSession, EngineError> {
        let own = self.begin(client).await?;
        let mut info = self.info();
        let first = info.drawn.take().unwrap_or(own);
        info.id = Some(first.id().clone());
        drop(info);
        Ok(first)
    }

    /// `{id?, clusterTime?, operationTime?, snapshotTime?, inTransaction, snapshot, causalConsistency}`; see [`Self::id`].
    pub fn describe(&self) -> RawDocumentBuf {
        let info = self.info();
        let mut described = rawdoc! {
            "inTransaction": info.in_transaction,
            "snapshot": self.options.snapshot,
            "causalConsistency": self.options.causal,
        };
        let id = info.id.as_ref().and_then(|id| RawDocumentBuf::try_from(id).ok());
        if let Some(id) = id {
            described.append(bson::raw::cstr!("id"), id);
        }
        let time = info
            .cluster_time
            .as_ref()
            .and_then(|time| bson::serialize_to_raw_document_buf(time).ok());
        if let Some(time) = time {
            described.append(bson::raw::cstr!("clusterTime"), time);
        }
        if let Some(time) = info.operation_time {
            described.append(bson::raw::cstr!("operationTime"), time);
        }
        if let Some(time) = info.snapshot_time {
            described.append(bson::raw::cstr!("snapshotTime"), time);
        }
        described
    }

    /// Advances its clocks; the driver's session follows at its next use.
    pub fn advance(&self, times: &RawDocumentBuf) {
        let cluster_time = times.get_document("clusterTime").ok();
        let cluster_time =
            cluster_time.and_then(|time| bson::deserialize_from_slice::<ClusterTime>(time.as_bytes()).ok());
        let mut info = self.info();
        info.operation_time = info.operation_time.max(times.get_timestamp("operationTime").ok());
        info.cluster_time = info.cluster_time.take().max(cluster_time);
    }

    /// Brings the driver's session up to what is known here.
    pub fn catch_up(&self, client: &mut ClientSession) {
        let info = self.info();
        if let Some(time) = &info.cluster_time {
            client.advance_cluster_time(time);
        }
        if let Some(time) = info.operation_time {
            client.advance_operation_time(time);
        }
    }

    /// Takes over what the driver's session has learnt. Must happen before an operation's outcome is delivered.
    pub fn learn(&self, state: &State) {
        let Some(client) = &state.client else { return };
        let mut info = self.info();
        if info.id.as_ref() != Some(client.id()) {
            info.id = Some(client.id().clone());
        }
        info.cluster_time = info.cluster_time.take().max(client.cluster_time().cloned());
        info.operation_time = info.operation_time.max(client.operation_time());
        info.snapshot_time = client.snapshot_time().or(info.snapshot_time);
    }

    /// A claim on the pool that it is bound to, from now on if not before.
    pub fn choose(&self, lease: impl FnOnce() -> Lease) -> Lease {
        self.info().lease.get_or_insert_with(lease).clone()
    }

    /// Lets go of the driver's session and the pool; the next use takes new ones.
    pub fn release(&self, state: &mut State) {
        self.learn(state);
        state.client = None;
        state.lease = None;
        state.permit = None;
        let mut info = self.info();
        info.id = None;
        info.drawn = None;
        info.lease = None;
    }

    /// Lets go of a pool that is on its way out, if nothing holds the session there.
    pub fn leave_retired(&self, state: &mut State) {
        let retired = self
            .info()
            .lease
            .as_ref()
            .is_some_and(|lease| lease.pool().is_retired());
        let held = matches!(state.transaction, Transaction::Running) || self.open_cursors() > 0;
        if retired && !held && !state.unsettled {
            self.release(state);
        }
    }

    /// Waits for its turn and lets go of everything; an open transaction is aborted.
    pub async fn give_up(&self, reason: &str) {
        let mut state = self.enter().taken().await;
        let open = matches!(state.transaction, Transaction::Running);
        if open || state.unsettled || state.commit_in_doubt {
            self.lose(&mut state, reason).await;
        } else {
            self.release(&mut state);
        }
    }

    /// Aborts the transaction, whatever is known of it, and lets go of the driver's session.
    pub async fn lose(&self, state: &mut State, reason: &str) {
        if let Some(client) = &mut state.client {
            let give_up = async {
                if state.unsettled || state.commit_in_doubt {
                    // The driver may believe that nothing was started, or that all is over: only the server can be asked.
                    let sessions = vec![bson::Bson::Document(client.id().clone())];
                    let admin = client.client().database("admin");
                    let _too_late_anyway = admin.run_command(doc! { "killSessions": sessions }).await;
                } else if matches!(state.transaction, Transaction::Running) {
                    let _too_late_anyway = client.abort_transaction().await;
                }
            };
            let _left_to_the_server = tokio::time::timeout(GIVE_UP_LIMIT, give_up).await;
        }
        state.unsettled = false;
        state.commit_in_doubt = false;
        state.transaction = Transaction::Lost(reason.to_owned());
        self.release(state);
    }
}

/// Tells the driver's session to start the recorded transaction.
///
/// As long as the driver has met only servers that were down, it says that the deployment has no transactions; and what
/// it meets is told to us a moment before it acts on it.
pub async fn start(
    client: &mut ClientSession,
    pool: &Pool,
    options: &TransactionOptions,
) -> Result<(), EngineError> {
    let replicated = pool.is_replicated().await?;
    let mut tries = 0;
    loop {
        let started = client.start_transaction().with_options(options.clone()).await;
        let Err(error) = started.map_err(|error| convert::setup_error(&error)) else {
            return Ok(());
        };
        tries += 1;
        if error.kind != ErrorKind::Transaction || !replicated || tries > 10 {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The error of who uses a session that is not known.
pub fn unknown_session() -> EngineError {
    EngineError::new(
        ErrorKind::SessionExpired,
        "The session has ended; start another one with startSession()",
    )
}

/// The error of who goes on with a transaction that was given up.
pub fn lost(reason: &str) -> EngineError {
    EngineError::new(
        ErrorKind::Transaction,
        format!("The transaction was aborted: {reason}"),
    )
}
