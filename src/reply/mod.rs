//! Server replies, unpacked off the main thread: documents become shapes (ordered keys), numbers and texts, which
//! JavaScript reads without parsing. `lib/protocol/reader.js` is the other half of this encoding.
//!
//! Each document's numbers begin with the number of its shape; 0 is a document that travels as BSON:
//! `[0, blob, offset, length]`. One value follows per key, in the form that the shape expects there:
//!
//! | expected | numbers |
//! | --- | --- |
//! | number | the number |
//! | string | its length in UTF-16 units, from the open narrow text; negative: from the open wide text |
//! | boolean | 0 or 1 |
//! | date | milliseconds |
//! | `ObjectId` | two numbers whose first six bytes in memory are six of the id's |
//! | document | its shape, then its values |
//! | array | 8 × length + what its elements are expected to be, then the elements |
//! | anything | a [`tag`], then what the tag says |
//!
//! What is not of the expected kind stands behind a NaN, as if anything had been expected. Texts and blobs are counted
//! from the first of the batch. Its first blob is shared by all that is small; what is big has one of its own, because
//! a binary value that JavaScript keeps is a view that holds all of its blob.

mod element;
mod json;
mod json_text;
mod pack;
mod rare;
mod shape;
mod shapes;
mod tag;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use json::{Json, Layout, Style};
pub use pack::pack;
pub use shapes::Shapes;

/// Values on their way to JavaScript.
#[derive(Debug, Default)]
pub struct Parcel {
    /// All numbers, in the order in which they are read.
    pub values: Vec<f64>,
    /// The texts that strings are cut from.
    pub texts: Vec<String>,
    /// BSON that JavaScript decodes with the user's own library.
    pub blobs: Vec<Vec<u8>>,
}
