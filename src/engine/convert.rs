//! The driver's errors as ours: nothing the server said is lost, nothing secret is added.

use bson::{Bson, Document, RawDocumentBuf, Utf8Lossy};
use mongodb::error::{Error, ErrorKind as DriverKind, WriteFailure};

use super::{
    body, depth,
    error::{EngineError, ErrorKind},
};
use crate::pool::attempt::Attempt;

/// What the driver says of a reply whose header or document has an impossible length; it calls that an argument.
const BROKEN_LENGTHS: [&str; 2] = [
    "checked arithmetic failure",
    "out of range integral type conversion attempted",
];

/// An error of an operation.
pub fn operation_error(error: &Error, attempt: &Attempt) -> EngineError {
    let mut converted = setup_error(error);
    if attempt.sent() && matches!(&*error.kind, DriverKind::Bson(_)) {
        // The command was BSON when it came here: it is the reply that is none.
        converted.kind = ErrorKind::Network;
    }
    if let Some(refusal) = error
        .server_response()
        .filter(|_| converted.kind == ErrorKind::Network)
        .and_then(mended)
    {
        refuse(&mut converted, &refusal);
    }
    converted.sent = attempt.sent();
    converted.address = attempt.address();
    converted
}

/// The reply of a failed command that the driver could not read: the server cuts long error texts within a character.
fn mended(reply: &RawDocumentBuf) -> Option<Document> {
    let refused =
        body::reply_is_ok(reply) == Some(false) && depth::is_too_deep(reply.as_bytes()) != Some(true);
    let Utf8Lossy(mended) = refused.then(|| Utf8Lossy::try_from(reply).ok())??;
    Some(mended)
}

/// Makes an error the server's, who spoke after all.
fn refuse(error: &mut EngineError, reply: &Document) {
    error.kind = ErrorKind::Command;
    if let Ok(text) = reply.get_str("errmsg") {
        text.clone_into(&mut error.message);
    }
    error.code = reply.get_i32("code").ok();
    error.code_name = reply.get_str("codeName").ok().map(str::to_owned);
    let labels = reply.get_array("errorLabels").into_iter().flatten();
    error
        .labels
        .extend(labels.filter_map(Bson::as_str).map(str::to_owned));
    error.reply = RawDocumentBuf::try_from(reply).ok();
}

/// An error from before anything could be sent.
pub fn setup_error(error: &Error) -> EngineError {
    let mut converted = EngineError::new(kind(error), message(error));
    converted.labels = labels(error);
    converted.reply = error.server_response().cloned();
    // The driver rewrites some texts for its own users.
    if let Some(Ok(text)) = converted.reply.as_ref().map(|reply| reply.get_str("errmsg")) {
        text.clone_into(&mut converted.message);
    }
    // An authentication failure wraps the server's answer.
    let inner =
        std::error::Error::source(error).and_then(<dyn std::error::Error>::downcast_ref::<Box<Error>>);
    if let Some((code, name)) = code(error).or_else(|| inner.and_then(|inner| code(inner))) {
        converted.code = Some(code);
        converted.code_name = name;
    }
    converted
}

fn kind(error: &Error) -> ErrorKind {
    match &*error.kind {
        DriverKind::Command(_)
        | DriverKind::Write(_)
        | DriverKind::InsertMany(_)
        | DriverKind::BulkWrite(_) => ErrorKind::Command,
        DriverKind::Io(io) if io.kind() == std::io::ErrorKind::TimedOut => ErrorKind::NetworkTimeout,
        // A reply that is no reply is as good as a broken connection.
        DriverKind::Io(_) | DriverKind::InvalidResponse { .. } => ErrorKind::Network,
        DriverKind::ConnectionPoolCleared { .. } => ErrorKind::PoolCleared,
        DriverKind::ServerSelection { .. } => ErrorKind::ServerSelection,
        DriverKind::Authentication { .. } => ErrorKind::Authentication,
        DriverKind::InvalidArgument { message, .. } if BROKEN_LENGTHS.contains(&message.as_str()) => {
            ErrorKind::Network
        }
        DriverKind::InvalidArgument { .. } | DriverKind::Bson(_) | DriverKind::MissingResumeToken => {
            ErrorKind::InvalidArgument
        }
        DriverKind::Transaction { .. } => ErrorKind::Transaction,
        DriverKind::Shutdown => ErrorKind::Closed,
        DriverKind::DnsResolve { .. }
        | DriverKind::InvalidTlsConfig { .. }
        | DriverKind::IncompatibleServer { .. }
        | DriverKind::SessionsNotSupported => ErrorKind::Configuration,
        _ => ErrorKind::Internal,
    }
}

/// The text; of a server's error the server's own, without the driver's frame around it.
pub fn message(error: &Error) -> String {
    match &*error.kind {
        DriverKind::Command(command) => command.message.clone(),
        DriverKind::Write(WriteFailure::WriteConcernError(failure)) => failure.message.clone(),
        DriverKind::Write(WriteFailure::WriteError(failure)) => failure.message.clone(),
        DriverKind::Io(io) => io.to_string(),
        DriverKind::DnsResolve { message, .. } => unresolved(message),
        // What it says of a key that is encrypted, or missing.
        DriverKind::InvalidTlsConfig { message, .. } if message.ends_with("no items found") => {
            format!("{message}; tlsCertificateKeyFile has to hold a certificate and its key, not encrypted")
        }
        DriverKind::InvalidArgument { message, .. } if BROKEN_LENGTHS.contains(&message.as_str()) => {
            format!("The server sent a reply of an impossible length ({message})")
        }
        kind => kind.to_string(),
    }
}

/// The resolver names what it looked for in its own notation: `Query { name: Name("…"), … }`.
fn unresolved(message: &str) -> String {
    let plain = message
        .split_once("Query { name: Name(\"")
        .and_then(|(before, rest)| {
            let (name, _notation) = rest.split_once('"')?;
            Some(format!("{before}{name}"))
        });
    format!(
        "The connection string's hosts could not be looked up: {}",
        plain.as_deref().unwrap_or(message)
    )
}

fn code(error: &Error) -> Option<(i32, Option<String>)> {
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    match &*error.kind {
        DriverKind::Command(command) => Some((command.code, named(&command.code_name))),
        DriverKind::Write(WriteFailure::WriteConcernError(failure)) => {
            Some((failure.code, named(&failure.code_name)))
        }
        DriverKind::Write(WriteFailure::WriteError(failure)) => {
            Some((failure.code, failure.code_name.clone()))
        }
        _ => None,
    }
}

fn labels(error: &Error) -> Vec<String> {
    let mut labels: Vec<String> = error.labels().iter().cloned().collect();
    labels.sort_unstable();
    labels
}

/// A decoded reply as bytes again: the driver hands out only the former.
pub fn raw_reply(reply: &bson::Document) -> Result<RawDocumentBuf, EngineError> {
    RawDocumentBuf::try_from(reply).map_err(|error| {
        EngineError::new(
            ErrorKind::Internal,
            format!("The reply could not be encoded: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use bson::rawdoc;

    use super::*;

    /// A failed command's reply whose text ends within a character.
    fn cut() -> RawDocumentBuf {
        let reply = rawdoc! {
            "ok": 0.0, "errmsg": "quoted \u{e9}", "code": 28, "codeName": "PathNotViable", "errorLabels": ["Theirs"],
        };
        let mut bytes = reply.into_bytes();
        let at = bytes.iter().position(|&byte| byte == 0xC3).unwrap();
        bytes[at + 1] = b'!';
        RawDocumentBuf::from_bytes(bytes).unwrap()
    }

    #[test]
    fn a_refusal_that_the_driver_could_not_read_is_the_servers() {
        let mut error = EngineError::new(ErrorKind::Network, "invalid utf-8");
        refuse(&mut error, &mended(&cut()).unwrap());
        assert_eq!(error.kind, ErrorKind::Command);
        assert_eq!(error.message, "quoted \u{fffd}!");
        assert_eq!(
            (error.code, error.code_name.as_deref()),
            (Some(28), Some("PathNotViable"))
        );
        assert_eq!(error.labels, ["Theirs"]);
        assert_eq!(
            error.reply.unwrap().get_str("errmsg").unwrap(),
            "quoted \u{fffd}!"
        );
    }

    #[test]
    fn what_says_nothing_of_a_command_stays_what_it_is() {
        assert_eq!(mended(&rawdoc! { "errmsg": "no ok" }), None);
        assert_eq!(mended(&rawdoc! { "ok": 1 }), None);
        assert_eq!(
            mended(&RawDocumentBuf::from_bytes(b"\x05\0\0\0\0".to_vec()).unwrap()),
            None
        );
    }
}
