//! Unpacks documents into a parcel.

use super::Parcel;
use super::element::{after_document, after_key, kind};
use super::rare::{self, BIG, Chunk};
use super::shape::{Expected, Shape, Site};
use super::shapes::{Scratch, Shapes};
use super::tag;
use super::text::OpenTexts;

/// Documents nested deeper are not unpacked; the server refuses more than 180 levels in a collection, 200 in a command.
const MAX_NESTING: usize = 200;

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
pub(super) struct Packer<'a> {
    pub(super) parcel: &'a mut Parcel,
    shapes: &'a Shapes,
    /// How many texts and blobs belong to others.
    pub(super) first_text: usize,
    first_blob: usize,
    pub(super) texts: OpenTexts,
    pub(super) rare: Chunk,
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
    fn new(parcel: &'a mut Parcel, shapes: &'a Shapes) -> Self {
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
    fn push(&mut self, document: &[u8]) {
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
    fn finish(mut self) -> usize {
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
    pub(super) fn own_blob(&mut self, bytes: Vec<u8>) -> f64 {
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
}
