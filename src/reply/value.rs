//! Writes single values, in the form that their place expects or behind a tag.

use super::element::{self, after_value, kind};
use super::pack::Packer;
use super::rare::{self, BIG};
use super::shape::Expected;
use super::tag;
use super::text::Put;

/// The largest magnitude up to which js-bson turns an int64 into a number.
const MAX_SAFE: i64 = 1 << 53;

impl Packer<'_> {
    /// Writes a value that holds no others; answers where it ends.
    pub(super) fn value(&mut self, bytes: &[u8], kind: u8, at: usize, expected: Expected) -> Option<usize> {
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

    pub(super) fn write(&mut self, value: f64) {
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
    pub(super) fn tag_unless(&mut self, expected: Expected, actual: Expected, tag: f64) {
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

    pub(super) fn rare(&mut self, expected: Expected, kind: u8, value: &[u8]) {
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
