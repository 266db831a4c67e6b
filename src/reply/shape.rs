//! The shape of a document: its keys in order, and what each is expected to hold.

use std::sync::atomic::{AtomicU32, Ordering};

use super::element::kind;

/// What a value is expected to be. Anything else may stand in its place, at the price of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Expected {
    /// Nothing in particular: each value carries its tag.
    Any = 0,
    /// A number: int32, double, or an int64 that a double holds exactly.
    Number = 1,
    /// A string.
    String = 2,
    /// A boolean.
    Boolean = 3,
    /// A date.
    Date = 4,
    /// An `ObjectId`.
    ObjectId = 5,
    /// An embedded document.
    Document = 6,
    /// An array.
    Array = 7,
}

impl Expected {
    /// What a value of the type `kind` suggests for the values that will stand in its place.
    pub const fn of(kind: u8) -> Self {
        match kind {
            kind::DOUBLE | kind::INT32 | kind::INT64 => Self::Number,
            kind::STRING => Self::String,
            kind::BOOLEAN => Self::Boolean,
            kind::DATE => Self::Date,
            kind::OBJECT_ID => Self::ObjectId,
            kind::DOCUMENT => Self::Document,
            kind::ARRAY => Self::Array,
            _ => Self::Any,
        }
    }

    /// Whether a value of the type `kind` says nothing about the values that will stand in its place.
    pub const fn is_blank(kind: u8) -> bool {
        matches!(kind, kind::NULL | kind::UNDEFINED)
    }
}

/// A place where documents appear: the top level, or one field of a shape.
#[derive(Debug, Default)]
pub struct Site {
    last: AtomicU32,
    shapes: AtomicU32,
}

impl Site {
    /// The shape seen last, 0 = none.
    pub fn last(&self) -> u32 {
        self.last.load(Ordering::Relaxed)
    }

    /// Remembers `shape` as the one seen last.
    pub fn remember(&self, shape: u32) {
        self.last.store(shape, Ordering::Relaxed);
    }

    /// How many shapes were learned here.
    pub fn shapes(&self) -> u32 {
        self.shapes.load(Ordering::Relaxed)
    }

    /// Counts one more.
    pub fn count_shape(&self) {
        self.shapes.fetch_add(1, Ordering::Relaxed);
    }
}

/// One key of a shape.
#[derive(Debug)]
pub struct Field {
    /// The key's bytes and the NUL after them.
    pub key: Box<[u8]>,
    /// What the key is expected to hold.
    pub expected: Expected,
    /// Only null was seen so far, so a value of a kind would teach something.
    pub open: bool,
    /// Where the documents inside this field are looked up.
    pub site: Site,
}

/// An ordered list of keys under a number that JavaScript knows too.
#[derive(Debug)]
pub struct Shape {
    /// Its number, from 1.
    pub id: u32,
    /// Its keys.
    pub fields: Box<[Field]>,
    /// Whether any field is open.
    pub open: bool,
}

impl Shape {
    /// The shape as JavaScript reads it: `[[key, expected], …]`.
    pub fn definition(&self) -> String {
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|field| {
                let key = field.key.strip_suffix(&[0]).unwrap_or(&field.key);
                (String::from_utf8_lossy(key), field.expected as u8)
            })
            .collect();
        serde_json::json!(fields).to_string()
    }
}
