//! The options of a session and of a transaction, as JSON from JavaScript.

use std::time::Duration;

use mongodb::options::{Acknowledgment, ReadConcern, TransactionOptions, WriteConcern};
use serde_json::{Map, Value};

use super::{
    error::{EngineError, ErrorKind},
    read_preference,
};

/// How a session was started.
#[derive(Debug, Default)]
pub struct SessionOptions {
    /// Reads see what the session wrote and saw.
    pub causal: bool,
    /// All reads see one point in time.
    pub snapshot: bool,
    /// What transactions inherit.
    pub defaults: TransactionOptions,
}

impl SessionOptions {
    /// Parses `{causalConsistency?, snapshot?, defaultTransactionOptions?}`.
    pub fn parse(json: &str) -> Result<Self, EngineError> {
        let map = object(json)?;
        let snapshot = map.get("snapshot").and_then(Value::as_bool).unwrap_or(false);
        let causal = map.get("causalConsistency").and_then(Value::as_bool);
        if snapshot && causal == Some(true) {
            return Err(invalid("causalConsistency and snapshot exclude each other"));
        }
        let defaults = match map.get("defaultTransactionOptions") {
            Some(Value::Object(defaults)) => read(defaults)?,
            _ => TransactionOptions::default(),
        };
        Ok(Self {
            causal: causal.unwrap_or(!snapshot),
            snapshot,
            defaults,
        })
    }
}

/// Parses `{readConcern?, writeConcern?, readPreference?, maxCommitTimeMS?}`, completed by `defaults`.
pub fn parse(json: &str, defaults: &TransactionOptions) -> Result<TransactionOptions, EngineError> {
    let mut options = read(&object(json)?)?;
    options.read_concern = options.read_concern.or_else(|| defaults.read_concern.clone());
    options.write_concern = options.write_concern.or_else(|| defaults.write_concern.clone());
    options.selection_criteria = options
        .selection_criteria
        .or_else(|| defaults.selection_criteria.clone());
    options.max_commit_time = options.max_commit_time.or(defaults.max_commit_time);
    Ok(options)
}

fn object(json: &str) -> Result<Map<String, Value>, EngineError> {
    match serde_json::from_str(json) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(Value::Null) => Ok(Map::new()),
        _ => Err(invalid("an object is expected")),
    }
}

fn read(map: &Map<String, Value>) -> Result<TransactionOptions, EngineError> {
    let mut options = TransactionOptions::default();
    let present = |key: &str| map.get(key).filter(|value| !value.is_null());
    if let Some(concern) = present("readConcern") {
        let level = concern.get("level").or(Some(concern)).and_then(Value::as_str);
        options.read_concern = level.map(ReadConcern::custom);
    }
    if let Some(concern) = present("writeConcern") {
        options.write_concern = write_concern(concern)?;
    }
    if let Some(preference) = present("readPreference") {
        options.selection_criteria = read_preference::parse(preference)?;
    }
    if let Some(limit) = present("maxCommitTimeMS") {
        options.max_commit_time = Some(milliseconds(limit, "maxCommitTimeMS")?);
    }
    Ok(options)
}

fn write_concern(value: &Value) -> Result<Option<WriteConcern>, EngineError> {
    let mut concern = WriteConcern::default();
    match value.get("w") {
        None | Some(Value::Null) => {}
        Some(Value::String(name)) => concern.w = Some(Acknowledgment::from(name.as_str())),
        Some(nodes) => match nodes.as_u64().and_then(|nodes| u32::try_from(nodes).ok()) {
            Some(nodes) => concern.w = Some(Acknowledgment::from(nodes)),
            None => return Err(invalid("the w of a writeConcern must be a number or a string")),
        },
    }
    concern.journal = value
        .get("j")
        .or_else(|| value.get("journal"))
        .and_then(Value::as_bool);
    let timeout = value
        .get("wtimeoutMS")
        .or_else(|| value.get("wtimeout"))
        .filter(|value| !value.is_null());
    if let Some(timeout) = timeout {
        concern.w_timeout = Some(milliseconds(timeout, "wtimeoutMS")?);
    }
    if concern.w == Some(Acknowledgment::Nodes(0)) {
        return Err(EngineError::new(
            ErrorKind::Transaction,
            "Transactions do not support unacknowledged write concerns",
        ));
    }
    Ok((concern != WriteConcern::default()).then_some(concern))
}

fn milliseconds(value: &Value, key: &str) -> Result<Duration, EngineError> {
    match value.as_f64() {
        Some(milliseconds) if (0.0..=1.0e12).contains(&milliseconds) => {
            Ok(Duration::from_millis(milliseconds.round() as u64))
        }
        _ => Err(invalid(&format!(
            "{key} must be a number of milliseconds, 0 or more"
        ))),
    }
}

fn invalid(reason: &str) -> EngineError {
    EngineError::new(
        ErrorKind::InvalidArgument,
        format!("The options are invalid: {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_inherits_what_it_does_not_say() {
        let session = SessionOptions::parse(
            r#"{"defaultTransactionOptions": {"readConcern": {"level": "snapshot"}, "maxCommitTimeMS": 5}}"#,
        )
        .unwrap();
        assert!(session.causal && !session.snapshot);
        let own = parse(
            r#"{"writeConcern": {"w": "majority", "j": true, "wtimeoutMS": 9}}"#,
            &session.defaults,
        )
        .unwrap();
        assert_eq!(own.read_concern, Some(ReadConcern::snapshot()));
        assert_eq!(own.max_commit_time, Some(Duration::from_millis(5)));
        let concern = own.write_concern.unwrap();
        assert_eq!(concern.w, Some(Acknowledgment::Majority));
        assert_eq!(
            (concern.journal, concern.w_timeout),
            (Some(true), Some(Duration::from_millis(9)))
        );
    }

    #[test]
    fn refuses_what_cannot_be() {
        assert!(SessionOptions::parse(r#"{"snapshot": true, "causalConsistency": true}"#).is_err());
        assert!(!SessionOptions::parse(r#"{"snapshot": true}"#).unwrap().causal);
        let none = TransactionOptions::default();
        assert_eq!(
            parse(r#"{"writeConcern": {"w": 0}}"#, &none).unwrap_err().kind,
            ErrorKind::Transaction
        );
        assert!(parse("[]", &none).is_err());
        assert!(parse("null", &none).is_ok());
    }
}
