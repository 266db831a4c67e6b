//! The registry of shapes of one JavaScript environment.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{OnceLock, PoisonError, RwLock};

use super::element::{after_key, after_value};
use super::shape::{Expected, Field, Shape, Site};

/// A document with more keys than this has no shape.
const MAX_FIELDS: usize = 256;
/// A document with more bytes of keys than this has no shape.
const MAX_KEY_BYTES: usize = 16 * 1024;
/// About how many bytes all shapes may take.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// A field whose documents took this many shapes holds dictionaries: it teaches no further ones.
const MAX_SHAPES_PER_SITE: u32 = 64;
/// How many key lists that were met once are remembered.
const MET_ONCE: usize = 4096;

/// Buffers of a lookup, reused from document to document.
#[derive(Debug, Default)]
pub struct Scratch {
    keys: Vec<u8>,
    kinds: Vec<u8>,
}

#[derive(Debug)]
struct Index {
    /// All keys of a shape, each with its NUL → the shape.
    by_keys: HashMap<Box<[u8]>, u32>,
    /// Hashes of key lists that were met once. Keys that never come back (ids used as keys) would fill the
    /// registry for good, so at the top level a list of keys becomes a shape at its second appearance.
    met_once: Box<[u64]>,
    /// How many shapes there are, and about how many bytes further ones may take.
    count: usize,
    room: usize,
}

/// The shapes of one JavaScript environment. Their numbers are never reused; there are never more than the limit.
#[derive(Debug)]
pub struct Shapes {
    slots: Box<[OnceLock<Box<Shape>>]>,
    index: RwLock<Index>,
    hasher: RandomState,
    top: Site,
}

impl Shapes {
    /// A registry that holds at most `limit` shapes.
    pub fn new(limit: usize) -> Self {
        Self {
            slots: (0..limit).map(|_| OnceLock::new()).collect(),
            index: RwLock::new(Index {
                by_keys: HashMap::new(),
                met_once: vec![0; MET_ONCE].into(),
                count: 0,
                room: MAX_BYTES,
            }),
            hasher: RandomState::new(),
            top: Site::default(),
        }
    }

    /// The definition of a shape for JavaScript: `[[key, expected], …]`.
    pub fn definition(&self, id: u32) -> Option<String> {
        self.get(id).map(Shape::definition)
    }

    /// Where documents at the top level are looked up.
    pub(super) fn top(&self) -> &Site {
        &self.top
    }

    fn get(&self, id: u32) -> Option<&Shape> {
        let slot = usize::try_from(id).ok()?.checked_sub(1)?;
        self.slots.get(slot)?.get().map(Box::as_ref)
    }

    /// The shape of the document whose elements start at `at`; `end` is the offset of its terminator.
    pub(super) fn find(
        &self,
        bytes: &[u8],
        at: usize,
        end: usize,
        site: &Site,
        scratch: &mut Scratch,
    ) -> Option<&Shape> {
        if let Some(shape) = self.get(site.last())
            && fits(shape, bytes, at, end)
        {
            return Some(shape);
        }
        scratch.read(bytes, at, end)?;
        let known = {
            let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
            index.by_keys.get(scratch.keys.as_slice()).copied()
        };
        let shape = match known.and_then(|id| self.get(id)) {
            Some(shape) if !teaches(shape, &scratch.kinds) => shape,
            known => self.learn(scratch, site).or(known)?,
        };
        site.remember(shape.id);
        Some(shape)
    }

    /// Makes a shape of keys that came for the second time, or a better one of keys that were seen with null only.
    fn learn(&self, scratch: &Scratch, site: &Site) -> Option<&Shape> {
        let is_top = std::ptr::eq(site, &raw const self.top);
        let is_full = self.slots.last().is_none_or(|slot| slot.get().is_some());
        if is_full || (!is_top && site.shapes() >= MAX_SHAPES_PER_SITE) {
            return None;
        }
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let older = index
            .by_keys
            .get(scratch.keys.as_slice())
            .and_then(|id| self.get(*id));
        match older {
            Some(shape) if !teaches(shape, &scratch.kinds) => return Some(shape),
            None if is_top && !index.meet(self.hasher.hash_one(&scratch.keys)) => return None,
            _ => {}
        }
        let slot = self.slots.get(index.count)?;
        index.room = index.room.checked_sub(scratch.cost())?;
        index.count += 1;
        let id = u32::try_from(index.count).ok()?;
        let shape = slot.get_or_init(|| Box::new(scratch.shape(id, older)));
        index.by_keys.insert(scratch.keys.as_slice().into(), id);
        site.count_shape();
        Some(shape)
    }
}

impl Index {
    /// Whether this list of keys was met before.
    fn meet(&mut self, hash: u64) -> bool {
        let places = self.met_once.len() as u64;
        let place = usize::try_from(hash % places).unwrap_or_default();
        self.met_once
            .get_mut(place)
            .is_some_and(|met| std::mem::replace(met, hash) == hash)
    }
}

impl Scratch {
    /// Collects keys and kinds; `None` if these keys cannot have a shape.
    fn read(&mut self, bytes: &[u8], mut at: usize, end: usize) -> Option<()> {
        self.keys.clear();
        self.kinds.clear();
        while at < end {
            let kind = *bytes.get(at)?;
            let after = after_key(bytes, at + 1)?;
            let key = bytes.get(at + 1..after)?;
            self.keys.extend_from_slice(key);
            self.kinds.push(kind);
            // A document with `$ref` may be one that the user's BSON turns into a DBRef.
            if key == b"$ref\0" || self.kinds.len() > MAX_FIELDS || self.keys.len() > MAX_KEY_BYTES {
                return None;
            }
            at = after_value(kind, bytes, after)?;
        }
        // Keys that are not UTF-8 are left to the user's BSON.
        (at == end && std::str::from_utf8(&self.keys).is_ok()).then_some(())
    }

    /// About how many bytes a shape takes: each key once in the index and once in its field.
    fn cost(&self) -> usize {
        2 * self.keys.len() + self.kinds.len() * size_of::<Field>()
    }

    fn shape(&self, id: u32, older: Option<&Shape>) -> Shape {
        let keys = self.keys.split_inclusive(|byte| *byte == 0);
        let fields: Box<[Field]> = keys
            .zip(&self.kinds)
            .enumerate()
            .map(|(place, (key, kind))| {
                let settled = older
                    .and_then(|shape| shape.fields.get(place))
                    .filter(|field| !field.open);
                Field {
                    key: key.into(),
                    expected: settled.map_or(Expected::of(*kind), |field| field.expected),
                    open: settled.is_none() && Expected::is_blank(*kind),
                    site: Site::default(),
                }
            })
            .collect();
        let open = fields.iter().any(|field| field.open);
        Shape { id, fields, open }
    }
}

/// Whether a document has exactly the keys of `shape`, and nothing to teach it.
fn fits(shape: &Shape, bytes: &[u8], mut at: usize, end: usize) -> bool {
    for field in &shape.fields {
        let Some([kind, rest @ ..]) = bytes.get(at..end) else {
            return false;
        };
        if !rest.starts_with(&field.key) || (field.open && !Expected::is_blank(*kind)) {
            return false;
        }
        match after_value(*kind, bytes, at + 1 + field.key.len()) {
            Some(after) => at = after,
            None => return false,
        }
    }
    at == end
}

/// Whether a document holds a value where the shape knows of nothing but null.
fn teaches(shape: &Shape, kinds: &[u8]) -> bool {
    shape.open
        && shape
            .fields
            .iter()
            .zip(kinds)
            .any(|(field, kind)| field.open && !Expected::is_blank(*kind))
}
