//! What JavaScript hands over, checked and copied.

use bson::RawDocumentBuf;
use serde_json::Value;

use super::depth::{DEEPEST, is_too_deep};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::request::{Meta, Purpose};

/// A read, which may be repeated.
const READ: u32 = 1;
/// A write that may carry a transaction number, and may then be repeated.
const WRITE: u32 = 2;
/// The reply's documents are unpacked here rather than in JavaScript.
const PACKED: u32 = 4;

/// The purpose that the flags name.
pub fn purpose(flags: u32) -> Purpose {
    match flags & (READ | WRITE) {
        READ => Purpose::Read,
        WRITE => Purpose::Write,
        _ => Purpose::Once,
    }
}

/// Whether the flags ask for unpacked documents.
pub fn is_packed(flags: u32) -> bool {
    flags & PACKED != 0
}

/// A copy of a document of JavaScript's: the first `length` bytes of its buffer.
pub fn document(buffer: &[u8], length: u32) -> Result<RawDocumentBuf, EngineError> {
    let bytes = buffer.get(..length as usize).ok_or_else(|| {
        invalid(format!("A document of {length} bytes cannot lie in a buffer of {}", buffer.len()))
    })?;
    match is_too_deep(bytes) {
        Some(false) => RawDocumentBuf::from_bytes(bytes.to_vec())
            .map_err(|error| invalid(format!("The command is not valid BSON: {error}"))),
        Some(true) => Err(invalid(format!(
            "The command nests documents and arrays deeper than the {DEEPEST} levels that MongoDB accepts; flatten it, \
             and check it for an object that refers to one of its parents"
        ))),
        None => Err(invalid(String::from("The command is not valid BSON"))),
    }
}

/// The rare settings of an operation, from their JSON.
pub fn meta(json: Option<&str>) -> Result<Option<Box<Meta>>, EngineError> {
    let Some(json) = json else { return Ok(None) };
    let value: Value = serde_json::from_str(json)
        .map_err(|error| invalid(format!("The operation's settings are not JSON: {error}")))?;
    let milliseconds = |name: &str| value.get(name).and_then(Value::as_f64).map(|ms| ms.max(0.0).ceil() as u64);
    Ok(Some(Box::new(Meta {
        timeout_ms: milliseconds("timeoutMS"),
        max_await_time_ms: milliseconds("maxAwaitTimeMS"),
        read_preference: value.get("readPreference").filter(|preference| !preference.is_null()).cloned(),
    })))
}

fn invalid(message: String) -> EngineError {
    EngineError::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    #[test]
    fn a_document_is_copied_out_of_a_larger_buffer() {
        let bytes = doc! {"ping": 1}.to_vec().unwrap();
        let mut buffer = bytes.clone();
        buffer.extend([0xFF; 100]);
        let length = u32::try_from(bytes.len()).unwrap();
        assert_eq!(document(&buffer, length).unwrap().as_bytes(), bytes);
        for length in [0, 4, length - 1, length + 1, 10_000] {
            assert_eq!(document(&buffer, length).unwrap_err().kind, ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn settings_are_read_from_json() {
        assert!(meta(None).unwrap().is_none());
        let settings = meta(Some(r#"{"timeoutMS":12.5,"readPreference":{"mode":"nearest"}}"#)).unwrap().unwrap();
        assert_eq!(settings.timeout_ms, Some(13));
        assert_eq!(settings.max_await_time_ms, None);
        assert!(settings.read_preference.is_some());
        assert!(meta(Some(r#"{"readPreference":null}"#)).unwrap().unwrap().read_preference.is_none());
        assert!(meta(Some("{")).is_err());
    }
}
