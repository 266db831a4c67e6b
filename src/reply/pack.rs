//! Unpacks documents into a parcel.

use super::Parcel;
use super::element::{self, after_document, after_key, after_value, kind};
use super::rare::{self, BIG, Chunk};
use super::shape::{Expected, Shape, Site};
use super::shapes::{Scratch, Shapes};
use super::tag;
use super::text::{OpenTexts, Put};

/// Documents nested deeper are not unpacked; the server refuses more than 180 levels in a collection, 200 in a command.
const MAX_NESTING: usize = 200;
/// The largest magnitude up to which js-bson turns an int64 into a number.
const MAX_SAFE: i64 = 1 << 53;

/// Unpacks `documents`, one batch, behind what `parcel` already holds; answers how many there were.
pub fn pack<'b>(
    parcel: &mut Parcel,
    shapes: &Shapes,
    documents: impl IntoIterator<Item = &'b [u8]>,
) -> usize {
    let mut packer = Packer::new(parcel, shapes);
    for document in documents {
        packer.push(document);
    }
    packer.finish()
}

/// Unpacks the documents of one batch, one after the other.
pub struct Packer<'a> {
    parcel: &'a mut Parcel,
    shapes: &'a Shapes,
    /// How many texts and blobs belong to others.
    first_text: usize,
    first_blob: usize,
    texts: OpenTexts,
    rare: Chunk,
    /// The blob that all that is small shares.
    shared: Vec<u8>,
    outer: Vec<Frame<'a>>,
    scratch: Scratch,
    count: usize,
}

/// A document or array whose values are being read.
struct Frame<'a> {
    content: Content<'a>,
    /// Where its next element starts.
    at: usize,
    /// Where its terminator stands.
    end: usize,
}

enum Content<'a> {
    Document {
        shape: &'a Shape,
        /// The field that comes next.
        next: usize,
    },
    Array {
        /// What its elements are expected to be.
        expected: Expected,
        /// Where the documents among them are looked up.
        site: &'a Site,
        /// Where its head stands among the values.
        head: usize,
        length: usize,
    },
}

/// What reading the elements of a frame ended with.
enum Step<'a> {
    /// All elements are read.
    Done,
    /// An inner document or array comes first.
    Inner(Frame<'a>, Frame<'a>),
}

/// The state before a document, to return to.
struct Mark {
    values: usize,
    texts: usize,
    open_texts: OpenTexts,
    text_lengths: [usize; 2],
    blobs: usize,
    rare: rare::Mark,
}

impl<'a> Packer<'a> {
    /// A batch that goes behind what `parcel` already holds.
    pub fn new(parcel: &'a mut Parcel, shapes: &'a Shapes) -> Self {
        Self {
            first_text: parcel.texts.len(),
            first_blob: parcel.blobs.len(),
            parcel,
            shapes,
            texts: OpenTexts::default(),
            rare: Chunk::default(),
            shared: Vec::new(),
            outer: Vec::new(),
            scratch: Scratch::default(),
            count: 0,
        }
    }

    /// Unpacks one document. One that is malformed, or nested beyond all measure, crosses as it is: the user's BSON
    /// then says what is wrong with it.
    pub fn push(&mut self, document: &[u8]) {
        self.count += 1;
        if self.rare.is_full() {
            self.close_chunk();
        }
        let mark = self.mark();
        if self.document(document).is_some() {
            return;
        }
        self.outer.clear();
        self.reset(&mark);
        let length = document.len() as f64;
        self.write(0.0);
        if document.len() > BIG {
            let blob = self.own_blob(document.to_vec());
            self.parcel.values.extend([blob, 0.0, length]);
        } else {
            self.parcel.values.extend([0.0, self.shared.len() as f64, length]);
            self.shared.extend_from_slice(document);
        }
    }

    /// Completes the batch; answers how many documents it has.
    pub fn finish(mut self) -> usize {
        self.close_chunk();
        if !self.shared.is_empty() {
            self.reserve_shared_blob();
            if let Some(blob) = self.parcel.blobs.get_mut(self.first_blob) {
                *blob = self.shared;
            }
        }
        self.count
    }

    fn close_chunk(&mut self) {
        self.rare.close(&mut self.parcel.values, &mut self.shared);
    }

    /// The shared blob is the first one, whatever comes first.
    fn reserve_shared_blob(&mut self) {
        if self.parcel.blobs.len() == self.first_blob {
            self.parcel.blobs.push(Vec::new());
        }
    }

    /// Gives bytes a blob of their own; answers its index.
    fn own_blob(&mut self, bytes: Vec<u8>) -> f64 {
        self.reserve_shared_blob();
        self.parcel.blobs.push(bytes);
        (self.parcel.blobs.len() - 1 - self.first_blob) as f64
    }

    fn mark(&self) -> Mark {
        Mark {
            values: self.parcel.values.len(),
            texts: self.parcel.texts.len(),
            open_texts: self.texts,
            text_lengths: self.texts.lengths(&self.parcel.texts),
            blobs: self.parcel.blobs.len(),
            rare: self.rare.mark(),
        }
    }

    fn reset(&mut self, mark: &Mark) {
        self.parcel.values.truncate(mark.values);
        self.parcel.texts.truncate(mark.texts);
        self.texts = mark.open_texts;
        self.texts.truncate(&mut self.parcel.texts, mark.text_lengths);
        self.parcel.blobs.truncate(mark.blobs);
        self.rare.reset(mark.rare);
    }

    /// `None`: the document cannot be unpacked, and what was written of it is to be taken back.
    fn document(&mut self, bytes: &[u8]) -> Option<()> {
        if after_document(bytes, 0)? != bytes.len() {
            return None;
        }
        let mut frame = self.open_document(bytes, 0, bytes.len() - 1, self.shapes.top())?;
        loop {
            match self.elements(bytes, frame)? {
                Step::Inner(outer, inner) => {
                    if self.outer.len() >= MAX_NESTING {
                        return None;
                    }
                    self.outer.push(outer);
                    frame = inner;
                }
                Step::Done => match self.outer.pop() {
                    Some(outer) => frame = outer,
                    None => return Some(()),
                },
            }
        }
    }

    /// Begins a document that has a shape: writes it.
    fn open_document(&mut self, bytes: &[u8], start: usize, end: usize, site: &Site) -> Option<Frame<'a>> {
        let at = start + 4;
        let shape = self.shapes.find(bytes, at, end, site, &mut self.scratch)?;
        self.write(f64::from(shape.id));
        Some(Frame {
            content: Content::Document { shape, next: 0 },
            at,
            end,
        })
    }

    /// Reads elements up to the next inner document or array.
    fn elements(&mut self, bytes: &[u8], mut frame: Frame<'a>) -> Option<Step<'a>> {
        loop {
            let kind = *bytes.get(frame.at)?;
            let (value, expected, site) = match &mut frame.content {
                Content::Document { shape, next } => {
                    let Some(field) = shape.fields.get(*next) else {
                        return Some(Step::Done);
                    };
                    *next += 1;
                    (frame.at + 1 + field.key.len(), field.expected, &field.site)
                }
                Content::Array {
                    expected,
                    site,
                    head,
                    length,
                } => {
                    if frame.at == frame.end {
                        let length = *length as f64;
                        *self.parcel.values.get_mut(*head)? = length * 8.0 + f64::from(*expected as u8);
                        return Some(Step::Done);
                    }
                    if *length == 0 {
                        *expected = Expected::of(kind);
                    }
                    *length += 1;
                    (after_key(bytes, frame.at + 1)?, *expected, *site)
                }
            };
            if let kind::DOCUMENT | kind::ARRAY = kind {
                let end = after_document(bytes, value)?;
                frame.at = end;
                if end > frame.end {
                    return None;
                }
                let inner = if kind == kind::ARRAY {
                    Some(self.array(value, end - 1, expected, site))
                } else {
                    self.inner_document(bytes, value, end - 1, expected, site)
                };
                if let Some(inner) = inner {
                    return Some(Step::Inner(frame, inner));
                }
            } else {
                frame.at = self.value(bytes, kind, value, expected)?;
                if frame.at > frame.end {
                    return None;
                }
            }
        }
    }

    /// Begins an array.
    fn array(&mut self, start: usize, end: usize, expected: Expected, site: &'a Site) -> Frame<'a> {
        self.tag_unless(expected, Expected::Array, tag::ARRAY);
        let head = self.parcel.values.len();
        // Written when the length is known.
        self.write(0.0);
        let content = Content::Array {
            expected: Expected::Any,
            site,
            head,
            length: 0,
        };
        Frame {
            content,
            at: start + 4,
            end,
        }
    }

    /// Begins an inner document; one without a shape is put away as BSON.
    fn inner_document(
        &mut self,
        bytes: &[u8],
        start: usize,
        end: usize,
        expected: Expected,
        site: &Site,
    ) -> Option<Frame<'a>> {
        let mark = self.parcel.values.len();
        self.tag_unless(expected, Expected::Document, tag::DOCUMENT);
        let frame = self.open_document(bytes, start, end, site);
        if frame.is_none() {
            self.parcel.values.truncate(mark);
            self.rare(
                expected,
                kind::DOCUMENT,
                bytes.get(start..=end).unwrap_or_default(),
            );
        }
        frame
    }

    /// Writes a value that holds no others; answers where it ends.
    fn value(&mut self, bytes: &[u8], kind: u8, at: usize, expected: Expected) -> Option<usize> {
        match kind {
            kind::STRING => {
                let (content, end) = element::string(bytes, at)?;
                self.string(expected, content)?;
                return Some(end);
            }
            kind::INT32 => self.number(expected, element::int32(bytes, at)?.into()),
            kind::DOUBLE => self.number(expected, element::double(bytes, at)?),
            kind::INT64 => self.int64(expected, element::int64(bytes, at)?),
            kind::BOOLEAN => match bytes.get(at)? {
                0 => self.boolean(expected, false),
                1 => self.boolean(expected, true),
                _ => return None,
            },
            kind::DATE => {
                self.tag_unless(expected, Expected::Date, tag::DATE);
                self.write(element::int64(bytes, at)? as f64);
            }
            kind::OBJECT_ID => self.object_id(expected, element::object_id(bytes, at)?),
            kind::NULL => self.tag(expected, tag::NULL),
            kind::UNDEFINED => self.tag(expected, tag::UNDEFINED),
            _ => {
                let end = after_value(kind, bytes, at)?;
                self.rare(expected, kind, bytes.get(at..end)?);
                return Some(end);
            }
        }
        after_value(kind, bytes, at)
    }

    fn write(&mut self, value: f64) {
        self.parcel.values.push(value);
    }

    /// Writes a tag: behind a NaN where something is expected.
    fn tag(&mut self, expected: Expected, tag: f64) {
        if expected != Expected::Any {
            self.write(f64::NAN);
        }
        self.write(tag);
    }

    /// Writes the tag of a value that is not what was expected.
    fn tag_unless(&mut self, expected: Expected, actual: Expected, tag: f64) {
        if expected != actual {
            self.tag(expected, tag);
        }
    }

    fn number(&mut self, expected: Expected, number: f64) {
        // JavaScript tells integers from other numbers by `number | 0`, which loses the sign of -0.
        if expected != Expected::Number || number.is_nan() || (number == 0.0 && number.is_sign_negative()) {
            self.tag(expected, tag::NUMBER);
        }
        self.write(number);
    }

    fn int64(&mut self, expected: Expected, number: i64) {
        if (-MAX_SAFE..=MAX_SAFE).contains(&number) {
            return self.number(expected, number as f64);
        }
        self.tag(expected, tag::LONG);
        self.write(f64::from(number as i32));
        self.write(f64::from((number >> 32) as i32));
    }

    fn boolean(&mut self, expected: Expected, boolean: bool) {
        match (expected, boolean) {
            (Expected::Boolean, _) => self.write(boolean.into()),
            (_, false) => self.tag(expected, tag::FALSE),
            (_, true) => self.tag(expected, tag::TRUE),
        }
    }

    fn object_id(&mut self, expected: Expected, id: [u8; 12]) {
        self.tag_unless(expected, Expected::ObjectId, tag::OBJECT_ID);
        for half in id.as_chunks::<6>().0 {
            // With the two highest bytes 0, no id looks like a NaN.
            let mut bytes = [0; 8];
            if let Some(low) = bytes.first_chunk_mut() {
                *low = *half;
            }
            self.write(f64::from_le_bytes(bytes));
        }
    }

    fn string(&mut self, expected: Expected, content: &[u8]) -> Option<()> {
        match self.texts.put(&mut self.parcel.texts, content)? {
            Put::Behind(length) => {
                self.tag_unless(expected, Expected::String, tag::STRING);
                self.write(length);
            }
            Put::Opened(tag, index, length) => {
                self.tag(expected, tag);
                self.write((index - self.first_text) as f64);
                self.write(length);
            }
            Put::Alone(index) => {
                self.tag(expected, tag::WHOLE_TEXT);
                self.write((index - self.first_text) as f64);
            }
        }
        Some(())
    }

    fn rare(&mut self, expected: Expected, kind: u8, value: &[u8]) {
        if value.len() > BIG {
            let alone = rare::alone(kind, value);
            let length = alone.len() as f64;
            let blob = self.own_blob(alone);
            self.tag(expected, tag::RARE_ALONE);
            self.parcel.values.extend([blob, 0.0, length]);
        } else if self.rare.is_empty() {
            self.tag(expected, tag::RARE_CHUNK);
            self.rare.begin(self.parcel.values.len());
            self.parcel.values.extend([0.0; 3]);
            self.rare.add(kind, value);
        } else {
            self.tag(expected, tag::RARE);
            self.rare.add(kind, value);
        }
    }
}
