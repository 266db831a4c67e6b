//! What happens after a failed attempt. Pure: the table is tested as a table.

use std::time::Duration;

use super::error::{EngineError, ErrorKind};

/// Attempts after the first, those that only waited for a connection aside.
pub const MAX_RETRIES: u32 = 5;

/// Before a connection is asked for again. The driver itself waits until the server was checked; this is against a crowd
/// that turns in circles if it ever doesn't.
pub const BEFORE_ANOTHER_CONNECTION: Duration = Duration::from_millis(10);

/// On writes that may be repeated.
pub const RETRYABLE_WRITE: &str = "RetryableWriteError";
/// On failures of which the server says that nothing was written.
pub const NO_WRITES_PERFORMED: &str = "NoWritesPerformed";
/// On commits whose outcome is not known.
pub const UNKNOWN_COMMIT: &str = "UnknownTransactionCommitResult";
/// On transactions that may be run again.
pub const TRANSIENT_TRANSACTION: &str = "TransientTransactionError";

/// The specification's codes after which a read may be repeated.
const READ_CODES: [i32; 13] = [
    11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 134, 262,
];

/// How an operation may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeatable {
    /// Only as long as nothing of it was sent.
    Unsent,
    /// A read.
    Read,
    /// A write with a number: the server does it once, however often it comes.
    Numbered,
    /// Not at all: in a transaction the driver and the application decide; or the user wants none of it.
    Never,
}

/// How the attempts of an operation have ended so far, the failed one included.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    /// The failed attempt may have reached a server.
    pub sent: bool,
    /// Repetitions so far, of attempts that did not only wait for a connection.
    pub retries: u32,
    /// It has been waiting for a connection for as long as may be waited for a server.
    pub waited_in_vain: bool,
}

/// Whether the failed attempt only waited for a connection, until the failure of a neighbour's emptied the queue.
pub fn only_waited(error: &EngineError, sent: bool) -> bool {
    error.kind == ErrorKind::PoolCleared && !sent
}

/// Whether a failure lets the operation be sent again. Who only waited is limited in time, not in number: under faults in
/// close succession the neighbours' bad luck would use up its attempts.
pub fn may_repeat(repeatable: Repeatable, error: &EngineError, tried: Tried) -> bool {
    if only_waited(error, tried.sent) {
        return repeatable != Repeatable::Never && !tried.waited_in_vain;
    }
    if tried.retries >= MAX_RETRIES {
        return false;
    }
    match error.kind {
        ErrorKind::Network | ErrorKind::NetworkTimeout | ErrorKind::PoolCleared => match repeatable {
            Repeatable::Read | Repeatable::Numbered => true,
            Repeatable::Unsent => !tried.sent,
            Repeatable::Never => false,
        },
        ErrorKind::Command => match repeatable {
            Repeatable::Read => error.code.is_some_and(|code| READ_CODES.contains(&code)),
            Repeatable::Numbered => has(error, RETRYABLE_WRITE),
            Repeatable::Unsent | Repeatable::Never => false,
        },
        _ => false,
    }
}

/// Which of two failures is reported: the last, unless it wrote nothing and the earlier may have.
pub fn better<T>(earlier: Option<T>, last: T, last_wrote_nothing: bool) -> T {
    match earlier {
        Some(earlier) if last_wrote_nothing => earlier,
        _ => last,
    }
}

/// Adds what the driver adds to its own retryable writes only.
pub fn label(repeatable: Repeatable, error: &mut EngineError) {
    let network = matches!(
        error.kind,
        ErrorKind::Network | ErrorKind::NetworkTimeout | ErrorKind::PoolCleared
    );
    if network && repeatable == Repeatable::Numbered && !has(error, RETRYABLE_WRITE) {
        error.labels.push(RETRYABLE_WRITE.to_owned());
    }
}

/// Whether the error carries a label.
pub fn has(error: &EngineError, label: &str) -> bool {
    error.labels.iter().any(|own| own == label)
}

/// How long to wait before retry number `retries` (from 0); `spread` in 0..=1 keeps a crowd apart.
///
/// The first comes at once: the driver itself waits for a server. The later ones outlast its 500 ms between checks.
pub fn backoff(retries: u32, spread: f64) -> Duration {
    let steps = [0.0, 50.0, 100.0, 200.0, 400.0];
    let base = steps.get(retries as usize).copied().unwrap_or(400.0);
    Duration::from_secs_f64(base * (0.5 + spread.clamp(0.0, 1.0) / 2.0) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, code: Option<i32>, labels: &[&str]) -> EngineError {
        let mut error = EngineError::new(kind, "");
        error.code = code;
        error.labels = labels.iter().map(ToString::to_string).collect();
        error
    }

    type Row = (ErrorKind, Option<i32>, &'static [&'static str], [bool; 4]);

    #[test]
    fn the_table() {
        use ErrorKind::{
            Aborted, Authentication, Closed, Command, InvalidArgument, Network, NetworkTimeout, PoolCleared,
            ServerSelection, Timeout, Transaction, WaitQueueTimeout,
        };
        use Repeatable::{Never, Numbered, Read, Unsent};
        let write = &[RETRYABLE_WRITE][..];
        // (failure, code, labels) → for a read, a numbered write, an unnumbered one that was sent, one that was not
        let table: &[Row] = &[
            (Network, None, &[], [true, true, false, true]),
            (NetworkTimeout, None, &[], [true, true, false, true]),
            (PoolCleared, None, &[], [true, true, false, true]),
            (Command, Some(10107), &[], [true, false, false, false]),
            (Command, Some(10107), write, [true, true, false, false]),
            (Command, Some(91), write, [true, true, false, false]),
            (Command, Some(134), &[], [true, false, false, false]),
            (Command, Some(11000), &[], [false, false, false, false]),
            (
                Command,
                Some(112),
                &[TRANSIENT_TRANSACTION],
                [false, false, false, false],
            ),
            (Command, Some(50), &[], [false, false, false, false]),
            (Command, None, write, [false, true, false, false]),
            (ServerSelection, None, &[], [false; 4]),
            (Authentication, Some(18), &[], [false; 4]),
            (InvalidArgument, None, &[], [false; 4]),
            (Transaction, None, &[], [false; 4]),
            (Closed, None, &[], [false; 4]),
            (Timeout, None, &[], [false; 4]),
            (Aborted, None, &[], [false; 4]),
            (WaitQueueTimeout, None, &[], [false; 4]),
        ];
        let sent = tried(true, 0, false);
        let unsent = tried(false, 0, false);
        for (kind, code, labels, expected) in table {
            let error = error(*kind, *code, labels);
            let actual = [
                may_repeat(Read, &error, sent),
                may_repeat(Numbered, &error, sent),
                may_repeat(Unsent, &error, sent),
                may_repeat(Unsent, &error, unsent),
            ];
            assert_eq!(actual, *expected, "{kind:?} {code:?} {labels:?}");
            assert!(!may_repeat(Never, &error, unsent));
            assert!(!may_repeat(Read, &error, tried(true, MAX_RETRIES, false)));
            assert!(!may_repeat(Numbered, &error, tried(true, MAX_RETRIES, false)));
        }
    }

    fn tried(sent: bool, retries: u32, waited_in_vain: bool) -> Tried {
        Tried {
            sent,
            retries,
            waited_in_vain,
        }
    }

    #[test]
    fn who_only_waited_is_limited_in_time_and_not_in_number() {
        let cleared = error(ErrorKind::PoolCleared, None, &[]);
        for repeatable in [Repeatable::Unsent, Repeatable::Read, Repeatable::Numbered] {
            assert!(may_repeat(repeatable, &cleared, tried(false, MAX_RETRIES, false)));
            assert!(!may_repeat(repeatable, &cleared, tried(false, 0, true)));
            let refused = error(ErrorKind::Network, None, &[]);
            assert!(!may_repeat(
                repeatable,
                &refused,
                tried(false, MAX_RETRIES, false)
            ));
        }
    }

    #[test]
    fn the_failure_that_may_have_written_is_reported() {
        assert_eq!(better(None, "wrote nothing", true), "wrote nothing");
        assert_eq!(better(Some("in doubt"), "wrote nothing", true), "in doubt");
        assert_eq!(better(Some("wrote nothing"), "in doubt", false), "in doubt");
    }

    #[test]
    fn only_network_failures_of_numbered_writes_get_the_label() {
        let labelled = |repeatable, kind| {
            let mut error = error(kind, None, &[]);
            label(repeatable, &mut error);
            label(repeatable, &mut error);
            error.labels
        };
        assert_eq!(
            labelled(Repeatable::Numbered, ErrorKind::Network),
            [RETRYABLE_WRITE]
        );
        assert!(labelled(Repeatable::Numbered, ErrorKind::Command).is_empty());
        assert!(labelled(Repeatable::Read, ErrorKind::Network).is_empty());
        assert!(labelled(Repeatable::Unsent, ErrorKind::Network).is_empty());
    }

    #[test]
    fn the_first_repetition_comes_at_once_and_all_of_them_outlast_a_server_check() {
        assert_eq!(backoff(0, 1.0), Duration::ZERO);
        let shortest: Duration = (0..MAX_RETRIES).map(|retry| backoff(retry, 0.0)).sum();
        assert!(shortest >= Duration::from_millis(350), "{shortest:?}");
        assert!(backoff(4, 1.0) <= Duration::from_millis(400));
    }
}
