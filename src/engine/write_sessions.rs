//! The sessions of numbered writes, used for nothing else.
//!
//! The driver's counter of transaction numbers does not know ours. A session that carried one of ours must therefore
//! never reach a transaction or the driver's own pool of sessions: the server would answer `TransactionTooOld`. Nor may
//! it be leaked: a patient shutdown waits for it. Hence: kept while healthy, dropped only when the driver itself
//! discards it (a network error made it dirty, or it is about to expire), quarantined when its command was cancelled.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mongodb::{Client, ClientSession};

use super::{
    convert,
    error::{EngineError, ErrorKind},
};
use crate::pool::topology::Topology;

/// Above anything that the driver counts.
const FIRST_NUMBER: i64 = 1 << 40;
/// The server may still be running a cancelled statement; the session's next one would wait behind it.
const QUARANTINE: Duration = Duration::from_secs(60);
/// The driver discards a session that is this close to the server's timeout.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// A session and its own count of numbers.
struct WriteSession {
    session: ClientSession,
    last_number: i64,
    last_use: Instant,
}

#[derive(Default)]
struct Kept {
    idle: Vec<WriteSession>,
    quarantined: VecDeque<(Instant, WriteSession)>,
    closed: bool,
}

/// The write sessions of one pool.
pub struct WriteSessions {
    kept: Mutex<Kept>,
    topology: Arc<Topology>,
}

impl WriteSessions {
    /// None yet.
    pub fn new(topology: Arc<Topology>) -> Self {
        Self {
            kept: Mutex::default(),
            topology,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session with the next number, for one write and its repetitions.
    pub async fn borrow(self: &Arc<Self>, client: &Client) -> Result<Borrowed, EngineError> {
        let found = self.take_idle();
        let mut session = match found {
            Some(session) => session,
            None => WriteSession {
                session: client
                    .start_session()
                    .causal_consistency(false)
                    .await
                    .map_err(|error| convert::setup_error(&error))?,
                last_number: FIRST_NUMBER - 1,
                last_use: Instant::now(),
            },
        };
        session.last_number += 1;
        Ok(Borrowed {
            home: Arc::clone(self),
            session: Some(session),
            standing: Standing::Settled,
        })
    }

    fn take_idle(&self) -> Option<WriteSession> {
        let lifetime = self.topology.session_timeout().saturating_sub(EXPIRY_MARGIN);
        let now = Instant::now();
        let mut expired = Vec::new();
        let mut kept = self.kept();
        while kept.quarantined.front().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, session)) = kept.quarantined.pop_front() {
                kept.idle.push(session);
            }
        }
        let mut found = None;
        while let Some(session) = kept.idle.pop() {
            if now.duration_since(session.last_use) < lifetime {
                found = Some(session);
                break;
            }
            expired.push(session);
        }
        drop(kept);
        drop(expired);
        found
    }

    fn keep(&self, session: WriteSession) {
        let mut kept = self.kept();
        if !kept.closed {
            kept.idle.push(session);
        }
    }

    fn quarantine(&self, session: WriteSession) {
        let mut kept = self.kept();
        if !kept.closed {
            kept.quarantined.push_back((Instant::now() + QUARANTINE, session));
        }
    }

    /// Drops all of them: the client is being shut down, nobody will draw them from the driver's pool.
    pub fn clear(&self) {
        let mut kept = self.kept();
        kept.closed = true;
        let sessions = (
            std::mem::take(&mut kept.idle),
            std::mem::take(&mut kept.quarantined),
        );
        drop(kept);
        drop(sessions);
    }

    /// `(idle, quarantined)`.
    pub fn count(&self) -> (usize, usize) {
        let kept = self.kept();
        (kept.idle.len(), kept.quarantined.len())
    }
}

/// What is known of a borrowed session's last command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The server has answered, or nothing was sent.
    Settled,
    /// A command is on its way, or was cancelled there.
    InDoubt,
    /// The driver marked the session dirty: dropped, it is discarded.
    Dirty,
}

/// A borrowed write session. Dropped while a command is in doubt (a cancelled future), it goes into quarantine.
pub struct Borrowed {
    home: Arc<WriteSessions>,
    session: Option<WriteSession>,
    standing: Standing,
}

impl Borrowed {
    /// The number of the write.
    pub fn number(&self) -> i64 {
        self.session
            .as_ref()
            .map_or(FIRST_NUMBER, |session| session.last_number)
    }

    /// The session, for one attempt; [`Borrowed::settled`] or [`Borrowed::soil`] must follow when its outcome is known.
    pub fn session(&mut self) -> Result<&mut ClientSession, EngineError> {
        self.standing = Standing::InDoubt;
        match &mut self.session {
            Some(session) => {
                session.last_use = Instant::now();
                Ok(&mut session.session)
            }
            None => Err(EngineError::new(
                ErrorKind::Internal,
                "A write session was used after it was given back",
            )),
        }
    }

    /// The attempt has ended with an answer of the server's, or without being sent.
    pub fn settled(&mut self) {
        self.standing = Standing::Settled;
    }

    /// The attempt has ended with a broken connection.
    pub fn soil(&mut self) {
        self.standing = Standing::Dirty;
    }

    /// Lets the write happen after what a user's session has seen.
    pub fn know(&mut self, user: &ClientSession) {
        if let Some(own) = &mut self.session
            && let Some(time) = user.cluster_time()
        {
            own.session.advance_cluster_time(time);
        }
    }

    /// Lets a user's session know of the write.
    pub fn tell(&self, user: &mut ClientSession) {
        if let Some(own) = &self.session {
            if let Some(time) = own.session.cluster_time() {
                user.advance_cluster_time(time);
            }
            if let Some(time) = own.session.operation_time() {
                user.advance_operation_time(time);
            }
        }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            match self.standing {
                Standing::Settled => self.home.keep(session),
                Standing::InDoubt => self.home.quarantine(session),
                Standing::Dirty => drop(session),
            }
        }
    }
}
