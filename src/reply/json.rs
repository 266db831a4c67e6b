//! Documents as JSON, straight from their bytes: what `JSON.stringify` makes of what `BSON.deserialize` makes of them,
//! byte for byte.
//!
//! What the writer leaves to JavaScript leaves a gap in the text: documents with values of rare types or keys that occur
//! twice, and whatever `BSON.deserialize` would refuse. Their BSON travels along, and JavaScript fills the gap.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::element::{self, after_document, after_key, after_value, kind};
use super::json_text::{date, double, hex, integer, string};

/// Documents nested deeper are left to JavaScript; the server refuses more than 200 levels.
const MAX_NESTING: usize = 200;

/// In a document with more keys than this, keys that occur twice are looked for with a set.
const MANY_KEYS: usize = 32;

/// Numbers beyond this are a `Long` in JavaScript.
const MAX_SAFE: u64 = 1 << 53;

const UUID: u8 = 4;
/// Its length stands in it a second time.
const OLD_BINARY: u8 = 2;

/// What stands between documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A comma between two of them: the inside of an array.
    Items,
    /// A line feed after each.
    Lines,
}

/// How documents are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// What stands between them.
    pub style: Style,
    /// Of a `Long` the field `high` comes before `low`: the BSON library's versions differ.
    pub high_first: bool,
}

/// The JSON of documents, one after the other.
#[derive(Debug, Default)]
pub struct Json {
    /// The text. UTF-8.
    pub text: Vec<u8>,
    /// How many documents there are, gaps included.
    pub count: usize,
    /// Where in the text a document is missing.
    pub gaps: Vec<usize>,
    /// The BSON of the missing ones.
    pub missing: Vec<u8>,
    high_first: bool,
    /// The keys of the documents that are being written: their lengths and beginnings, and where they are.
    keys: Vec<(u64, usize)>,
}

impl Json {
    /// Writes documents behind those that are there.
    pub fn extend(&mut self, documents: &[&[u8]], layout: Layout) {
        // About what it takes, so that the text need not move while it grows.
        self.text
            .reserve(documents.iter().map(|document| document.len()).sum());
        for document in documents {
            self.push(document, layout);
        }
    }

    fn push(&mut self, document: &[u8], Layout { style, high_first }: Layout) {
        self.high_first = high_first;
        if style == Style::Items && self.count > 0 {
            self.text.push(b',');
        }
        self.count += 1;
        let start = self.text.len();
        if self.document(document, 0, 0) != Some(document.len()) {
            self.keys.clear();
            self.text.truncate(start);
            self.gaps.push(start);
            self.missing.extend_from_slice(document);
        }
        if style == Style::Lines {
            self.text.push(b'\n');
        }
    }

    /// Writes the document at `at`; answers where it ends. `None`: it is left to JavaScript.
    fn document(&mut self, bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
        let end = after_document(bytes, at)?;
        if depth > MAX_NESTING {
            return None;
        }
        let (start, first) = (self.text.len(), self.keys.len());
        self.text.push(b'{');
        let mut position = at + 4;
        loop {
            let kind = *bytes.get(position)?;
            if kind == 0 {
                break;
            }
            let key_at = position + 1;
            let value = after_key(bytes, key_at)?;
            let key = bytes.get(key_at..value - 1)?;
            if key.first().is_some_and(u8::is_ascii_digit) || self.keys.len() - first == MANY_KEYS {
                self.text.truncate(start);
                self.keys.truncate(first);
                return self.sorted_document(bytes, at, end, depth);
            }
            self.note_key(bytes, key_at, key, first)?;
            position = self.field(bytes, key, kind, value, depth)?;
            if position >= end {
                return None;
            }
        }
        self.keys.truncate(first);
        self.text.push(b'}');
        (position + 1 == end).then_some(end)
    }

    /// `None`: the key was there before, or could make the document a `DBRef`.
    fn note_key(&mut self, bytes: &[u8], at: usize, key: &[u8], first: usize) -> Option<()> {
        if is_of_reference(key) {
            return None;
        }
        let mut mark = [0; 8];
        for (place, byte) in mark.iter_mut().zip(key.iter().take(7)) {
            *place = *byte;
        }
        let mark = u64::from_le_bytes(mark) | (key.len() as u64) << 56;
        for (other, place) in self.keys.get(first..)? {
            if *other == mark
                && (key.len() <= 7 || bytes.get(*place..place + key.len() + 1)? == [key, &[0]].concat())
            {
                return None;
            }
        }
        self.keys.push((mark, at));
        Some(())
    }

    /// The same for a document whose keys JavaScript puts in another order, or that has many: array indices come first.
    fn sorted_document(&mut self, bytes: &[u8], at: usize, end: usize, depth: usize) -> Option<usize> {
        let mut indices = Vec::new();
        let mut others = Vec::new();
        let mut known = HashSet::new();
        let mut position = at + 4;
        loop {
            let kind = *bytes.get(position)?;
            if kind == 0 {
                break;
            }
            let value = after_key(bytes, position + 1)?;
            let key = bytes.get(position + 1..value - 1)?;
            if is_of_reference(key) || !known.insert(key) {
                return None;
            }
            match array_index(key) {
                Some(index) => indices.push((index, (key, kind, value))),
                None => others.push((key, kind, value)),
            }
            position = after_value(kind, bytes, value)?;
        }
        if position + 1 != end {
            return None;
        }
        indices.sort_unstable_by_key(|(index, _)| *index);
        self.text.push(b'{');
        let in_order = indices.into_iter().map(|(_, field)| field).chain(others);
        for (key, kind, value) in in_order {
            if self.field(bytes, key, kind, value, depth)? != after_value(kind, bytes, value)? {
                return None;
            }
        }
        self.text.push(b'}');
        Some(end)
    }

    /// Writes one field; answers where its value ends.
    fn field(&mut self, bytes: &[u8], key: &[u8], kind: u8, value: usize, depth: usize) -> Option<usize> {
        if kind == kind::UNDEFINED {
            return std::str::from_utf8(key).is_ok().then_some(value);
        }
        if self.text.last() != Some(&b'{') {
            self.text.push(b',');
        }
        string(&mut self.text, key)?;
        self.text.push(b':');
        self.value(bytes, kind, value, depth)
    }

    /// Writes the array at `at`; answers where it ends.
    fn array(&mut self, bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
        let end = after_document(bytes, at)?;
        if depth > MAX_NESTING {
            return None;
        }
        self.text.push(b'[');
        let mut position = at + 4;
        loop {
            let kind = *bytes.get(position)?;
            if kind == 0 {
                break;
            }
            let value = after_key(bytes, position + 1)?;
            if position > at + 4 {
                self.text.push(b',');
            }
            position = self.value(bytes, kind, value, depth)?;
            if position >= end {
                return None;
            }
        }
        self.text.push(b']');
        (position + 1 == end).then_some(end)
    }

    /// Writes the value of the type `kind` at `at`; answers where it ends.
    fn value(&mut self, bytes: &[u8], kind: u8, at: usize, depth: usize) -> Option<usize> {
        let text = &mut self.text;
        match kind {
            kind::STRING | kind::SYMBOL => {
                let (content, end) = element::string(bytes, at)?;
                string(text, content)?;
                return Some(end);
            }
            kind::DOCUMENT => return self.document(bytes, at, depth + 1),
            kind::ARRAY => return self.array(bytes, at, depth + 1),
            kind::INT32 => integer(text, element::int32(bytes, at)?),
            kind::DOUBLE => double(text, element::double(bytes, at)?),
            kind::OBJECT_ID => {
                text.push(b'"');
                hex(text, &element::object_id(bytes, at)?);
                text.push(b'"');
            }
            kind::DATE => date(text, element::int64(bytes, at)?),
            kind::BOOLEAN => text.extend_from_slice(match bytes.get(at)? {
                0 => b"false",
                1 => b"true",
                _ => return None,
            }),
            kind::NULL | kind::UNDEFINED => text.extend_from_slice(b"null"),
            kind::INT64 => long(text, element::int64(bytes, at)?, self.high_first),
            kind::TIMESTAMP => {
                text.extend_from_slice(b"{\"$timestamp\":\"");
                integer(text, element::int64(bytes, at)?.cast_unsigned());
                text.extend_from_slice(b"\"}");
            }
            kind::DECIMAL128 => {
                let bits: [u8; 16] = *bytes.get(at..)?.first_chunk()?;
                // Coefficients beyond 34 digits: 0 by IEEE 754, and something else to the BSON library.
                let [.., top] = bits;
                if top & 0x60 == 0x60 && top & 0x78 != 0x78 {
                    return None;
                }
                let decimal = bson::Decimal128::from_bytes(bits);
                text.extend_from_slice(b"{\"$numberDecimal\":\"");
                text.extend_from_slice(decimal.to_string().as_bytes());
                text.extend_from_slice(b"\"}");
            }
            kind::BINARY => {
                let end = after_value(kind, bytes, at)?;
                match bytes.get(at + 4..end)? {
                    [UUID, id @ ..] if id.len() == 16 => uuid(text, id),
                    [OLD_BINARY, ..] | [] => return None,
                    [_, content @ ..] => {
                        text.push(b'"');
                        text.extend_from_slice(STANDARD.encode(content).as_bytes());
                        text.push(b'"');
                    }
                }
            }
            kind::CODE => {
                let (content, end) = element::string(bytes, at)?;
                text.extend_from_slice(b"{\"code\":");
                string(text, content)?;
                text.push(b'}');
                return Some(end);
            }
            kind::MIN_KEY | kind::MAX_KEY => text.extend_from_slice(b"{}"),
            _ => return None,
        }
        after_value(kind, bytes, at)
    }
}

/// The keys that a `DBRef` has.
fn is_of_reference(key: &[u8]) -> bool {
    key.first() == Some(&b'$') && matches!(key, b"$ref" | b"$id" | b"$db")
}

/// The number of a key that JavaScript takes for the index of an array: a canonical one below 2^32 - 1.
fn array_index(key: &[u8]) -> Option<u32> {
    let canonical = matches!(key, [b'0'] | [b'1'..=b'9', ..]) && key.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(key)
        .ok()
        .filter(|_| canonical)?
        .parse()
        .ok()?;
    (number < u32::MAX).then_some(number)
}

fn long(text: &mut Vec<u8>, number: i64, high_first: bool) {
    if number.unsigned_abs() <= MAX_SAFE {
        return integer(text, number);
    }
    let low: (&[u8], i32) = (b"\"low\":", number as i32);
    let high: (&[u8], i32) = (b"\"high\":", (number >> 32) as i32);
    let fields = if high_first { [high, low] } else { [low, high] };
    text.push(b'{');
    for (key, value) in fields {
        text.extend_from_slice(key);
        integer(text, value);
        text.push(b',');
    }
    text.extend_from_slice(b"\"unsigned\":false}");
}

fn uuid(text: &mut Vec<u8>, mut id: &[u8]) {
    text.push(b'"');
    for (index, length) in [4, 2, 2, 2, 6].into_iter().enumerate() {
        if index > 0 {
            text.push(b'-');
        }
        let (part, rest) = id.split_at_checked(length).unwrap_or((id, &[]));
        hex(text, part);
        id = rest;
    }
    text.push(b'"');
}
