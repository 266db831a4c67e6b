//! The JSON of cursors that are read to their end before JavaScript gets any of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::cursor;
use crate::engine::error::{EngineError, ErrorKind};
use crate::reply::{Json, Layout};

type Shared = Arc<Mutex<Json>>;

/// A batch of a cursor.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// The cursor.
    pub cursor: i64,
    /// Whether it is the cursor's first.
    pub first: bool,
    /// How its documents are written.
    pub layout: Layout,
}

/// What was read so far, by cursor. Only cursors that have more are in here.
pub struct Gathered {
    cursors: Mutex<HashMap<i64, Shared>>,
    most: usize,
}

impl Gathered {
    /// For results of at most so many bytes.
    pub fn new(most: usize) -> Self {
        Self {
            cursors: Mutex::default(),
            most,
        }
    }

    /// Adds the documents of a batch. Answers everything as one array when the cursor has no more, else nothing; an error
    /// when the cursor has been closed, and when it is too much.
    pub fn add(
        &self,
        Batch {
            cursor,
            first,
            layout,
        }: Batch,
        exhausted: bool,
        documents: &[&[u8]],
    ) -> Result<Json, EngineError> {
        let json = if first {
            Shared::default()
        } else {
            self.get(cursor).ok_or_else(cursor::unknown)?
        };
        {
            let mut json = lock(&json);
            if first {
                json.text.push(b'[');
            }
            json.extend(documents, layout);
            if exhausted {
                json.text.push(b']');
            }
            // One batch always fits, and nobody could close its cursor yet.
            if !first && json.text.len() + json.missing.len() > self.most {
                self.remove(cursor);
                return Err(too_large(self.most));
            }
        }
        if exhausted {
            self.remove(cursor);
            return Ok(std::mem::take(&mut *lock(&json)));
        }
        if first {
            lock(&self.cursors).insert(cursor, json);
        }
        Ok(Json::default())
    }

    /// Forgets what was read from a cursor.
    pub fn remove(&self, cursor: i64) {
        lock(&self.cursors).remove(&cursor);
    }

    fn get(&self, cursor: i64) -> Option<Shared> {
        lock(&self.cursors).get(&cursor).cloned()
    }
}

fn too_large(most: usize) -> EngineError {
    EngineError::new(
        ErrorKind::ResultTooLarge,
        format!(
            "The result of json() is larger than the {most} bytes that a Buffer holds; use jsonStream(), or ask for less"
        ),
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::Style;
    use bson::doc;

    fn batch(cursor: i64, first: bool) -> Batch {
        let layout = Layout {
            style: Style::Items,
            high_first: false,
        };
        Batch {
            cursor,
            first,
            layout,
        }
    }

    #[test]
    fn everything_comes_at_the_end() {
        let gathered = Gathered::new(1000);
        let [a, b] = [doc! {"a": 1}, doc! {"b": "two"}].map(|document| document.to_vec().unwrap());
        assert_eq!(
            gathered.add(batch(1, true), true, &[&a]).unwrap().text,
            br#"[{"a":1}]"#
        );
        assert_eq!(gathered.add(batch(2, true), true, &[]).unwrap().text, b"[]");
        assert_eq!(gathered.add(batch(3, true), false, &[]).unwrap().text, b"");
        assert_eq!(gathered.add(batch(3, false), false, &[&a]).unwrap().count, 0);
        let all = gathered.add(batch(3, false), true, &[&b, &a]).unwrap();
        assert_eq!(all.text, br#"[{"a":1},{"b":"two"},{"a":1}]"#);
        assert_eq!(all.count, 3);
        assert!(gathered.add(batch(3, false), false, &[&a]).is_err());
    }

    #[test]
    fn too_much_is_an_error_and_is_forgotten() {
        let a = doc! {"a": 1}.to_vec().unwrap();
        for exhausted in [false, true] {
            let gathered = Gathered::new(17);
            gathered.add(batch(1, true), false, &[&a]).unwrap();
            let all = gathered.add(batch(1, false), true, &[&a]).unwrap();
            assert_eq!(all.text.len(), 17);
            gathered.add(batch(2, true), false, &[&a]).unwrap();
            let error = gathered.add(batch(2, false), exhausted, &[&a, &a]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::ResultTooLarge);
            assert!(lock(&gathered.cursors).is_empty());
        }
    }

    #[test]
    fn a_closed_cursor_leaves_nothing() {
        let gathered = Gathered::new(1000);
        gathered.add(batch(1, true), false, &[]).unwrap();
        gathered.remove(1);
        assert!(lock(&gathered.cursors).is_empty());
        assert!(gathered.add(batch(1, false), true, &[]).is_err());
    }
}
