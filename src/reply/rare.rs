//! Values of rare types: they cross as BSON, several of them in one document that the user's BSON decodes.

use super::element::kind;

/// BSON longer than this has a blob of its own, and the values of further documents go to another chunk when this one
/// is longer: a binary value that JavaScript keeps holds all that it is a view of.
pub const BIG: usize = 16 * 1024;

/// What stands before the values: a document whose only key is empty and holds an array.
const HEAD: [u8; 10] = [0, 0, 0, 0, kind::ARRAY, 0, 0, 0, 0, 0];
/// Where the length of the array stands in it.
const ARRAY_AT: usize = 6;

/// The chunk that is being filled.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    count: usize,
    /// Where blob, offset and length of the chunk stand among the values, which are known when it is closed.
    place: usize,
}

/// The state of a chunk, to return to.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    length: usize,
    count: usize,
}

impl Chunk {
    /// Whether there is no value in it yet.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Begins the chunk; blob, offset and length are to stand at `place` among the values.
    pub fn begin(&mut self, place: usize) {
        self.bytes.extend_from_slice(&HEAD);
        self.place = place;
    }

    /// Adds a value.
    pub fn add(&mut self, kind: u8, value: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(self.count.to_string().as_bytes());
        self.bytes.push(0);
        self.bytes.extend_from_slice(value);
        self.count += 1;
    }

    /// Whether the next document should have another chunk.
    pub fn is_full(&self) -> bool {
        self.bytes.len() > BIG
    }

    /// Moves the chunk to the end of `blob`.
    pub fn close(&mut self, values: &mut [f64], blob: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        self.bytes.extend_from_slice(&[0, 0]);
        let length = self.bytes.len();
        write_length(&mut self.bytes, 0, length);
        write_length(&mut self.bytes, ARRAY_AT, length - ARRAY_AT - 1);
        if let Some([_, offset, size]) = values
            .get_mut(self.place..)
            .and_then(|rest| rest.first_chunk_mut())
        {
            *offset = blob.len() as f64;
            *size = length as f64;
        }
        blob.append(&mut self.bytes);
        self.count = 0;
    }

    /// The present state.
    pub fn mark(&self) -> Mark {
        Mark {
            length: self.bytes.len(),
            count: self.count,
        }
    }

    /// Returns to a state since which the chunk was not closed.
    pub fn reset(&mut self, mark: Mark) {
        self.bytes.truncate(mark.length);
        self.count = mark.count;
    }
}

/// A document whose only key is empty and holds a value.
pub fn alone(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, kind, 0];
    bytes.extend_from_slice(value);
    bytes.push(0);
    let length = bytes.len();
    write_length(&mut bytes, 0, length);
    bytes
}

fn write_length(bytes: &mut [u8], at: usize, length: usize) {
    // The values are part of one server reply, and a reply's length is an int32.
    let length = i32::try_from(length).unwrap_or(i32::MAX);
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}
