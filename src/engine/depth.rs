//! How deeply a document nests, found without recursion: whoever recurses into it afterwards knows what to expect.

use super::error::{EngineError, ErrorKind};

/// The server refuses a command that nests deeper (and a stored document deeper than 180, in words of its own).
pub const DEEPEST: usize = 200;

/// A level takes at least seven bytes: its type, the end of its (empty) name, its length, its own end.
const SMALLEST_LEVEL: usize = 7;

/// Refuses a command that nests deeper than the server takes.
pub fn check(command: &[u8]) -> Result<(), EngineError> {
    if is_too_deep(command) != Some(true) {
        return Ok(());
    }
    Err(EngineError::new(
        ErrorKind::InvalidArgument,
        format!(
            "The command nests documents and arrays deeper than the {DEEPEST} levels that MongoDB takes; make it flatter"
        ),
    ))
}

/// Whether a document holds more levels below itself than the server takes. `None`: it is not BSON.
pub fn is_too_deep(document: &[u8]) -> Option<bool> {
    if document.len() <= DEEPEST * SMALLEST_LEVEL {
        return Some(false);
    }
    let mut depth = 0_usize;
    let mut position = 4;
    loop {
        let kind = *document.get(position)?;
        position += 1;
        if kind == 0 {
            if depth == 0 {
                return (position == document.len()).then_some(false);
            }
            depth -= 1;
            continue;
        }
        position = after_text(document, position)?;
        position = match kind {
            // document, array: their elements follow
            0x03 | 0x04 => {
                depth += 1;
                position + 4
            }
            // code with scope: the scope's elements follow
            0x0F => {
                depth += 1;
                after_sized(document, position + 4, 0)? + 4
            }
            0x01 | 0x09 | 0x11 | 0x12 => position + 8,
            0x02 | 0x0D | 0x0E => after_sized(document, position, 0)?,
            0x05 => after_sized(document, position, 1)?,
            0x06 | 0x0A | 0x7F | 0xFF => position,
            0x07 => position + 12,
            0x08 => position + 1,
            0x0B => after_text(document, after_text(document, position)?)?,
            0x0C => after_sized(document, position, 12)?,
            0x10 => position + 4,
            0x13 => position + 16,
            _ => return None,
        };
        if depth > DEEPEST {
            return Some(true);
        }
    }
}

/// The position after a text that ends with a zero byte.
fn after_text(document: &[u8], position: usize) -> Option<usize> {
    let length = document.get(position..)?.iter().position(|&byte| byte == 0)?;
    Some(position + length + 1)
}

/// The position after a value that starts with its length, plus so many bytes.
fn after_sized(document: &[u8], position: usize, more: usize) -> Option<usize> {
    let length = document.get(position..position + 4)?.try_into().ok()?;
    let length = usize::try_from(i32::from_le_bytes(length)).ok()?;
    Some(position + 4 + length + more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{Bson, Document, doc, oid::ObjectId};

    fn nested(levels: usize) -> Document {
        let mut document = doc! {"padding": "x".repeat(DEEPEST * SMALLEST_LEVEL)};
        for level in 0..levels {
            document = if level % 2 == 0 {
                doc! {"a": document}
            } else {
                doc! {"a": [document, 1]}
            };
        }
        document
    }

    /// Levels below the outermost document; an array is one as well.
    fn levels(document: &Document) -> usize {
        fn below(value: &Bson) -> usize {
            match value {
                Bson::Document(document) => 1 + document.values().map(below).max().unwrap_or(0),
                Bson::Array(items) => 1 + items.iter().map(below).max().unwrap_or(0),
                _ => 0,
            }
        }
        document.values().map(below).max().unwrap_or(0)
    }

    #[test]
    fn the_limit_is_exact() {
        for n in 120..150 {
            let document = nested(n);
            let bytes = document.to_vec().unwrap();
            assert_eq!(is_too_deep(&bytes), Some(levels(&document) > DEEPEST), "{n}");
        }
    }

    #[test]
    fn every_type_is_stepped_over() {
        let document = doc! {
            "padding": "x".repeat(DEEPEST * SMALLEST_LEVEL),
            "double": 1.5, "text": "é", "id": ObjectId::new(), "yes": true, "now": bson::DateTime::now(), "nothing": null,
            "regex": bson::Regex { pattern: bson::raw::cstr!("a").into(), options: bson::raw::cstr!("i").into() },
            "code": Bson::JavaScriptCode(String::from("1")), "symbol": Bson::Symbol(String::from("s")),
            "scope": bson::JavaScriptCodeWithScope { code: String::from("1"), scope: doc! {"a": {"b": 1}} },
            "int": 1_i32, "long": 1_i64, "stamp": bson::Timestamp { time: 1, increment: 2 },
            "decimal": "1.5".parse::<bson::Decimal128>().unwrap(), "min": Bson::MinKey, "max": Bson::MaxKey,
            "bytes": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![0, 1, 2] },
            "undefined": Bson::Undefined, "list": [1, {"a": []}],
        };
        assert_eq!(is_too_deep(&document.to_vec().unwrap()), Some(false));
    }

    #[test]
    fn rubbish_is_told_apart() {
        let mut bytes = nested(3).to_vec().unwrap();
        bytes.truncate(bytes.len() - 3);
        assert_eq!(is_too_deep(&bytes), None);
        assert_eq!(is_too_deep(&[0xAA; 4000]), None);
        assert_eq!(is_too_deep(&[0x02; 4000]), None);
    }
}
