//! What can go wrong below the border, as data: JavaScript turns it into the classes of the user's Mongoose.

use bson::RawDocumentBuf;

/// Which family an [`EngineError`] belongs to; the names cross the border as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The server answered `ok: 0`.
    Command,
    /// A socket failed.
    Network,
    /// A socket or handshake timed out.
    NetworkTimeout,
    /// The pool was cleared while the operation waited or ran.
    PoolCleared,
    /// No suitable server within `serverSelectionTimeoutMS`.
    ServerSelection,
    /// The server refused the credentials.
    Authentication,
    /// The operation's deadline passed (`timeoutMS`, `socketTimeoutMS`).
    Timeout,
    /// No pool permit within `waitQueueTimeoutMS`; nothing was sent.
    WaitQueueTimeout,
    /// JavaScript cancelled the operation.
    Aborted,
    /// The client is closing or closed.
    Closed,
    /// The session is in the wrong state for this (ended, no transaction, other cluster…).
    Transaction,
    /// The session was ended before.
    SessionExpired,
    /// An operation of a session went to a database of another cluster.
    CrossCluster,
    /// The cursor or stream is not known (closed, or never opened).
    UnknownCursor,
    /// All of a result is wanted in one piece, and it is too large for that.
    ResultTooLarge,
    /// The caller gave something unusable.
    InvalidArgument,
    /// A TLS or DNS set-up problem, or another fault that no retry mends.
    Configuration,
    /// A defect of ours: a panic, a lost task.
    Internal,
}

impl ErrorKind {
    /// The name that crosses the border.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Network => "network",
            Self::NetworkTimeout => "networkTimeout",
            Self::PoolCleared => "poolCleared",
            Self::ServerSelection => "serverSelection",
            Self::Authentication => "authentication",
            Self::Timeout => "timeout",
            Self::WaitQueueTimeout => "waitQueueTimeout",
            Self::Aborted => "aborted",
            Self::Closed => "closed",
            Self::Transaction => "transaction",
            Self::SessionExpired => "sessionExpired",
            Self::CrossCluster => "crossCluster",
            Self::UnknownCursor => "unknownCursor",
            Self::ResultTooLarge => "resultTooLarge",
            Self::InvalidArgument => "invalidArgument",
            Self::Configuration => "configuration",
            Self::Internal => "internal",
        }
    }
}

/// One failure, structured.
#[derive(Debug, Clone)]
pub struct EngineError {
    /// The family.
    pub kind: ErrorKind,
    /// A sentence without secrets.
    pub message: String,
    /// Error labels, the server's and ours.
    pub labels: Vec<String>,
    /// The server's code, where it spoke.
    pub code: Option<i32>,
    /// The server's name of the code.
    pub code_name: Option<String>,
    /// The whole server reply, where the server spoke.
    pub reply: Option<RawDocumentBuf>,
    /// `host:port`, when known.
    pub address: Option<String>,
    /// What had come before a reply's further batches failed.
    pub partial: Option<RawDocumentBuf>,
    /// Whether anything may have reached a server.
    pub sent: bool,
}

impl EngineError {
    /// An error that carries only its kind and message; nothing was sent.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            labels: Vec::new(),
            code: None,
            code_name: None,
            reply: None,
            address: None,
            partial: None,
            sent: false,
        }
    }
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EngineError {}
