//! What a value is, where nothing is expected or something else was; `lib/protocol/reader.js` has the same list.

/// null
pub const NULL: f64 = 0.0;
/// undefined
pub const UNDEFINED: f64 = 1.0;
/// A number follows.
pub const NUMBER: f64 = 2.0;
/// The length of a string in an open text follows; negative in the wide one.
pub const STRING: f64 = 3.0;
/// The index of a text follows, which is the open narrow one from now on, and the length of its first string.
pub const NARROW_TEXT: f64 = 4.0;
/// The same for the wide text.
pub const WIDE_TEXT: f64 = 5.0;
/// The index of a text follows; all of it is the string.
pub const WHOLE_TEXT: f64 = 6.0;
/// false
pub const FALSE: f64 = 7.0;
/// true
pub const TRUE: f64 = 8.0;
/// Milliseconds follow.
pub const DATE: f64 = 9.0;
/// The two numbers of an `ObjectId` follow.
pub const OBJECT_ID: f64 = 10.0;
/// A shape and its values follow.
pub const DOCUMENT: f64 = 11.0;
/// An array's head and elements follow.
pub const ARRAY: f64 = 12.0;
/// The low and the high half of an int64 follow, which no double holds exactly.
pub const LONG: f64 = 13.0;
/// The next rare value of the open chunk.
pub const RARE: f64 = 14.0;
/// Where a chunk of rare values is (blob, offset, length), which is the open one from now on: this is its first value.
pub const RARE_CHUNK: f64 = 15.0;
/// Where the only key of a document holds a rare value (blob, offset, length).
pub const RARE_ALONE: f64 = 16.0;
