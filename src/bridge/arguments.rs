//! What JavaScript hands over, checked and copied.

use bson::{Bson, RawDocumentBuf};
use serde_json::Value;

use super::completion::Form;
use super::gathered::Batch;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::request::{Further, Meta, Purpose};
use crate::reply::{Layout, Style};

/// A read, which may be repeated.
const READ: u32 = 1;
/// A write that may carry a transaction number, and may then be repeated.
const WRITE: u32 = 2;
/// The reply's documents are unpacked here rather than in JavaScript.
const PACKED: u32 = 4;
/// They are written as JSON, with commas between them.
const ITEMS: u32 = 8;
/// They are written as JSON, one on each line.
const LINES: u32 = 16;
/// They are written as one JSON array, which is handed over when the cursor has no more.
const GATHERED: u32 = 32;
/// Of a `Long` in JSON the field `high` comes first.
const HIGH_FIRST: u32 = 64;
/// Of a write's reply only the counts matter, as long as there is nothing else to say.
const COUNTS: u32 = 128;
/// Of the reply only the document `value` matters.
const VALUE: u32 = 256;

/// The purpose that the flags name.
pub fn purpose(flags: u32) -> Purpose {
    match flags & (READ | WRITE) {
        READ => Purpose::Read,
        WRITE => Purpose::Write,
        _ => Purpose::Once,
    }
}

/// The form that the flags ask for.
pub fn form(flags: u32) -> Form {
    match flags & (PACKED | ITEMS | LINES | COUNTS | VALUE) {
        PACKED => Form::Packed,
        flags if flags == PACKED | COUNTS => Form::Counts,
        flags if flags == PACKED | VALUE => Form::Value,
        ITEMS => Form::Text(layout(flags, Style::Items)),
        LINES => Form::Text(layout(flags, Style::Lines)),
        _ => Form::Bson,
    }
}

/// The form that the flags ask for, of a cursor's batch: its first one or a later one.
pub fn batch_form(flags: u32, cursor: i64, first: bool) -> Form {
    if flags & GATHERED == 0 {
        return form(flags);
    }
    Form::Gathered(Batch {
        cursor,
        first,
        layout: layout(flags, Style::Items),
    })
}

fn layout(flags: u32, style: Style) -> Layout {
    Layout {
        style,
        high_first: flags & HIGH_FIRST != 0,
    }
}

/// A copy of a document of JavaScript's.
pub fn document(bytes: &[u8]) -> Result<RawDocumentBuf, EngineError> {
    RawDocumentBuf::from_bytes(bytes.to_vec())
        .map_err(|error| invalid(format!("The command is not valid BSON: {error}")))
}

/// The rare settings of an operation, from their JSON.
pub fn meta(json: Option<&str>) -> Result<Option<Box<Meta>>, EngineError> {
    let Some(json) = json else { return Ok(None) };
    let value: Value = serde_json::from_str(json)
        .map_err(|error| invalid(format!("The operation's settings are not JSON: {error}")))?;
    let milliseconds = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_f64)
            .map(|ms| ms.max(0.0).ceil() as u64)
    };
    Ok(Some(Box::new(Meta {
        gather: value.get("gather").and_then(Value::as_bool).unwrap_or(false),
        further: value.get("further").map(further).transpose()?,
        timeout_ms: milliseconds("timeoutMS"),
        max_await_time_ms: milliseconds("maxAwaitTimeMS"),
        read_preference: value
            .get("readPreference")
            .filter(|preference| !preference.is_null())
            .cloned(),
    })))
}

/// `comment` is canonical extended JSON in a document of its own, `{comment}`: any value may be one.
fn further(value: &Value) -> Result<Further, EngineError> {
    let whole = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_f64)
            .map(|number| number.max(0.0))
    };
    let comment = match value.get("comment") {
        Some(Value::String(comment)) => {
            let comment: Value = serde_json::from_str(comment)
                .map_err(|error| invalid(format!("The comment is not JSON: {error}")))?;
            let comment = Bson::try_from(comment)
                .map_err(|error| invalid(format!("The comment is not extended JSON: {error}")))?;
            comment
                .as_document()
                .and_then(|comment| comment.get("comment").cloned())
        }
        _ => None,
    };
    Ok(Further {
        batch_size: whole("batchSize").map(|size| size as u32),
        comment,
        max_time_ms: whole("maxTimeMS").map(|ms| ms.ceil() as u64),
    })
}

fn invalid(message: String) -> EngineError {
    EngineError::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    #[test]
    fn only_a_whole_document_is_taken() {
        let bytes = doc! {"ping": 1}.to_vec().unwrap();
        assert_eq!(document(&bytes).unwrap().as_bytes(), bytes);
        for unusable in [&[][..], &bytes[1..], &bytes[..bytes.len() - 1], b"BSON"] {
            assert_eq!(document(unusable).unwrap_err().kind, ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn further_batches_have_settings_of_their_own() {
        let text = r#"{"further":{"batchSize":3,"comment":"{\"comment\":{\"$numberLong\":\"5\"}}","maxTimeMS":1.5}}"#;
        let further = meta(Some(text)).unwrap().unwrap().further.unwrap();
        assert_eq!((further.batch_size, further.max_time_ms), (Some(3), Some(2)));
        assert_eq!(further.comment, Some(Bson::Int64(5)));
        let none = meta(Some(r#"{"further":{}}"#)).unwrap().unwrap().further.unwrap();
        assert_eq!(
            (none.batch_size, none.comment, none.max_time_ms),
            (None, None, None)
        );
        assert!(meta(Some(r#"{"further":{"comment":"{"}}"#)).is_err());
    }

    #[test]
    fn settings_are_read_from_json() {
        assert!(meta(None).unwrap().is_none());
        let settings = meta(Some(r#"{"timeoutMS":12.5,"readPreference":{"mode":"nearest"}}"#))
            .unwrap()
            .unwrap();
        assert_eq!(settings.timeout_ms, Some(13));
        assert_eq!(settings.max_await_time_ms, None);
        assert!(settings.read_preference.is_some());
        assert!(
            meta(Some(r#"{"readPreference":null}"#))
                .unwrap()
                .unwrap()
                .read_preference
                .is_none()
        );
        assert!(meta(Some("{")).is_err());
    }
}
