//! Where the values of raw BSON begin and end: a walk over bytes that trusts no length it reads.

/// The type byte of an element.
pub mod kind {
    pub const DOUBLE: u8 = 0x01;
    pub const STRING: u8 = 0x02;
    pub const DOCUMENT: u8 = 0x03;
    pub const ARRAY: u8 = 0x04;
    pub const BINARY: u8 = 0x05;
    pub const UNDEFINED: u8 = 0x06;
    pub const OBJECT_ID: u8 = 0x07;
    pub const BOOLEAN: u8 = 0x08;
    pub const DATE: u8 = 0x09;
    pub const NULL: u8 = 0x0A;
    pub const REGEX: u8 = 0x0B;
    pub const DB_POINTER: u8 = 0x0C;
    pub const CODE: u8 = 0x0D;
    pub const SYMBOL: u8 = 0x0E;
    pub const CODE_WITH_SCOPE: u8 = 0x0F;
    pub const INT32: u8 = 0x10;
    pub const TIMESTAMP: u8 = 0x11;
    pub const INT64: u8 = 0x12;
    pub const DECIMAL128: u8 = 0x13;
    pub const MIN_KEY: u8 = 0xFF;
    pub const MAX_KEY: u8 = 0x7F;
}

/// The bytes a document or array needs at least: its length and its terminator.
pub const MIN_DOCUMENT: usize = 5;

fn fixed<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// The int32 at `at`.
pub fn int32(bytes: &[u8], at: usize) -> Option<i32> {
    fixed(bytes, at).map(i32::from_le_bytes)
}

/// The int64 at `at`.
pub fn int64(bytes: &[u8], at: usize) -> Option<i64> {
    fixed(bytes, at).map(i64::from_le_bytes)
}

/// The double at `at`.
pub fn double(bytes: &[u8], at: usize) -> Option<f64> {
    fixed(bytes, at).map(f64::from_le_bytes)
}

/// The 12 bytes of the `ObjectId` at `at`.
pub fn object_id(bytes: &[u8], at: usize) -> Option<[u8; 12]> {
    fixed(bytes, at)
}

/// A non-negative length at `at`.
fn length(bytes: &[u8], at: usize) -> Option<usize> {
    int32(bytes, at).and_then(|length| usize::try_from(length).ok())
}

/// Where the C string that starts at `at` ends, its NUL included.
pub fn after_key(bytes: &[u8], at: usize) -> Option<usize> {
    let length = bytes.get(at..)?.iter().position(|byte| *byte == 0)?;
    Some(at + length + 1)
}

/// The content of the string at `at` without length and NUL, and where the string ends.
pub fn string(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let end = (at + 4).checked_add(length(bytes, at)?)?;
    match bytes.get(at + 4..end)? {
        [content @ .., 0] => Some((content, end)),
        _ => None,
    }
}

/// Where the document or array at `at` ends; its last byte is the terminator.
pub fn after_document(bytes: &[u8], at: usize) -> Option<usize> {
    let length = length(bytes, at)?;
    let end = at.checked_add(length)?;
    (length >= MIN_DOCUMENT && bytes.get(end - 1) == Some(&0)).then_some(end)
}

/// Where the value of the type `kind` at `at` ends; `None` if it does not fit or the type is unknown.
pub fn after_value(kind: u8, bytes: &[u8], at: usize) -> Option<usize> {
    let size = match kind {
        kind::INT32 => 4,
        kind::STRING | kind::CODE | kind::SYMBOL => length(bytes, at)?.checked_add(4)?,
        kind::OBJECT_ID => 12,
        kind::DOUBLE | kind::DATE | kind::INT64 | kind::TIMESTAMP => 8,
        kind::BOOLEAN => 1,
        kind::NULL | kind::UNDEFINED | kind::MIN_KEY | kind::MAX_KEY => 0,
        kind::DOCUMENT | kind::ARRAY | kind::CODE_WITH_SCOPE => length(bytes, at)?,
        kind::BINARY => length(bytes, at)?.checked_add(5)?,
        kind::DECIMAL128 => 16,
        kind::REGEX => after_key(bytes, after_key(bytes, at)?)? - at,
        kind::DB_POINTER => length(bytes, at)?.checked_add(16)?,
        _ => return None,
    };
    at.checked_add(size).filter(|end| *end <= bytes.len())
}
