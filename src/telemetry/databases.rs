//! What each database was used for. Bounded: the names come from users.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// More databases than this are forgotten, least recently used first.
const LIMIT: usize = 10_000;

/// One database's figures.
#[derive(Debug, Default)]
pub struct Database {
    last_used: AtomicU64,
    operations: AtomicU64,
    in_flight: AtomicUsize,
}

/// Counts as running until dropped.
pub struct Running(Arc<Database>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All databases that were used.
#[derive(Debug, Default)]
pub struct Databases(Mutex<HashMap<String, Arc<Database>>>);

/// One line of the statistics.
pub struct Line {
    /// The database.
    pub name: String,
    /// When, in milliseconds since 1970.
    pub last_used: u64,
    /// How many operations were started.
    pub operations: u64,
    /// How many are running.
    pub in_flight: usize,
}

impl Databases {
    /// Notes that an operation for `name` starts.
    pub fn start(&self, name: &str) -> Running {
        let database = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(database) = known.get(name) {
                Arc::clone(database)
            } else {
                if known.len() >= LIMIT {
                    forget_some(&mut known);
                }
                let database = Arc::new(Database::default());
                known.insert(name.to_owned(), Arc::clone(&database));
                database
            }
        };
        database.last_used.store(now_ms(), Ordering::Relaxed);
        database.operations.fetch_add(1, Ordering::Relaxed);
        database.in_flight.fetch_add(1, Ordering::Relaxed);
        Running(database)
    }

    /// All lines, by name.
    pub fn lines(&self) -> Vec<Line> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines: Vec<Line> = known
            .iter()
            .map(|(name, database)| Line {
                name: name.clone(),
                last_used: database.last_used.load(Ordering::Relaxed),
                operations: database.operations.load(Ordering::Relaxed),
                in_flight: database.in_flight.load(Ordering::Relaxed),
            })
            .collect();
        drop(known);
        lines.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        lines
    }
}

/// Makes room for a tenth, so that the search is not repeated at every new name.
fn forget_some(known: &mut HashMap<String, Arc<Database>>) {
    let mut ages: Vec<u64> = known
        .values()
        .map(|database| database.last_used.load(Ordering::Relaxed))
        .collect();
    let tenth = LIMIT / 10;
    let (_, threshold, _) = ages.select_nth_unstable(tenth);
    let threshold = *threshold;
    let mut left = tenth;
    known.retain(|_, database| {
        let old = database.last_used.load(Ordering::Relaxed) <= threshold;
        let forget = old && left > 0 && database.in_flight.load(Ordering::Relaxed) == 0;
        left -= usize::from(forget);
        !forget
    });
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_stays_bounded() {
        let databases = Databases::default();
        let running = databases.start("first");
        for number in 0..LIMIT + 5 {
            drop(databases.start(&format!("db{number}")));
        }
        let lines = databases.lines();
        assert!(lines.len() <= LIMIT);
        // What is running is never forgotten.
        let first = lines.iter().find(|line| line.name == "first").unwrap();
        assert_eq!((first.operations, first.in_flight), (1, 1));
        drop(running);
    }
}
