//! The JSON of cursors that are read to their end before JavaScript gets any of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
#[derive(Default)]
pub struct Gathered(Mutex<HashMap<i64, Shared>>);

impl Gathered {
    /// Adds the documents of a batch. Answers everything as one array when the cursor has no more, else nothing, and
    /// `None` when the cursor has been closed.
    pub fn add(
        &self,
        Batch {
            cursor,
            first,
            layout,
        }: Batch,
        exhausted: bool,
        documents: &[&[u8]],
    ) -> Option<Json> {
        let json = if first {
            Shared::default()
        } else {
            self.get(cursor)?
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
        }
        if exhausted {
            self.remove(cursor);
            return Some(std::mem::take(&mut *lock(&json)));
        }
        if first {
            lock(&self.0).insert(cursor, json);
        }
        Some(Json::default())
    }

    /// Forgets what was read from a cursor.
    pub fn remove(&self, cursor: i64) {
        lock(&self.0).remove(&cursor);
    }

    fn get(&self, cursor: i64) -> Option<Shared> {
        lock(&self.0).get(&cursor).cloned()
    }
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
        let gathered = Gathered::default();
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
        assert!(gathered.add(batch(3, false), false, &[&a]).is_none());
    }

    #[test]
    fn a_closed_cursor_leaves_nothing() {
        let gathered = Gathered::default();
        gathered.add(batch(1, true), false, &[]).unwrap();
        gathered.remove(1);
        assert!(lock(&gathered.0).is_empty());
        assert!(gathered.add(batch(1, false), true, &[]).is_none());
    }
}
