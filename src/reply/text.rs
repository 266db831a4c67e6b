//! Strings on their way to JavaScript: short ones share a text, long ones have their own.

use super::tag;

/// A shared text longer than this is closed: a string that JavaScript keeps holds the whole text it was cut from.
const FULL: usize = 4096;
/// A string with more bytes than this has a text of its own.
const LONG: usize = 1024;

/// The texts that are being filled, as indices. One letter outside of ASCII makes a whole text, and all that is cut
/// from it, twice as wide, so there are two.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenTexts {
    narrow: Option<usize>,
    wide: Option<usize>,
}

/// Where a string went.
pub enum Put {
    /// Behind the others of an open text: the length, negative in the wide text.
    Behind(f64),
    /// To a new text: the tag, the index of the text and the length.
    Opened(f64, usize, f64),
    /// To a text of its own: its index.
    Alone(usize),
}

impl OpenTexts {
    /// Puts a string away; `None` if it is not UTF-8.
    pub fn put(&mut self, texts: &mut Vec<String>, content: &[u8]) -> Option<Put> {
        let content = std::str::from_utf8(content).ok()?;
        let index = texts.len();
        if content.len() > LONG {
            texts.push(content.to_owned());
            return Some(Put::Alone(index));
        }
        let (open, tag, length, sign) = if content.is_ascii() {
            (&mut self.narrow, tag::NARROW_TEXT, content.len(), 1.0)
        } else {
            (&mut self.wide, tag::WIDE_TEXT, utf16_length(content), -1.0)
        };
        let length = length as f64;
        if let Some(text) = open
            .and_then(|index| texts.get_mut(index))
            .filter(|text| text.len() < FULL)
        {
            text.push_str(content);
            return Some(Put::Behind(sign * length));
        }
        texts.push(content.to_owned());
        *open = Some(index);
        Some(Put::Opened(tag, index, length))
    }

    /// How long the open texts are.
    pub fn lengths(&self, texts: &[String]) -> [usize; 2] {
        [self.narrow, self.wide].map(|open| open.and_then(|index| texts.get(index)).map_or(0, String::len))
    }

    /// Cuts the open texts to these lengths.
    pub fn truncate(&self, texts: &mut [String], lengths: [usize; 2]) {
        for (open, length) in [self.narrow, self.wide].into_iter().zip(lengths) {
            if let Some(text) = open.and_then(|index| texts.get_mut(index)) {
                text.truncate(length);
            }
        }
    }
}

/// How many units JavaScript counts in a string.
fn utf16_length(content: &str) -> usize {
    content
        .bytes()
        .map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0))
        .sum()
}
