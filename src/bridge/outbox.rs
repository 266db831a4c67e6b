//! What has finished and waits to be fetched by JavaScript.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::reply::Parcel;

/// Loads up to this many bytes are joined, so that one turn of JavaScript's loop handles many completions at the price
/// of one; a bigger one travels alone and is not copied again.
const SMALL: usize = 16 * 1024;

/// Joined loads grow no bigger than this, so that JavaScript can pause between two of them.
const FULL: usize = 256 * 1024;

/// How many bytes may wait for JavaScript. What is running then comes on top.
const MOST_WAITING: usize = 256 * 1024 * 1024;

/// Completions on their way: what belongs to them, one after the other.
#[derive(Debug, Default)]
pub struct Load {
    /// Their numbers, and what the packer made of documents.
    pub parcel: Parcel,
    /// Replies that JavaScript decodes.
    pub bytes: Vec<u8>,
    /// How many operations it completes.
    pub completions: u32,
}

impl Load {
    fn size(&self) -> usize {
        let Parcel { values, texts, blobs } = &self.parcel;
        size_of_val(values.as_slice())
            + texts.iter().map(String::len).sum::<usize>()
            + blobs.iter().map(Vec::len).sum::<usize>()
            + self.bytes.len()
    }

    fn append(&mut self, mut other: Self) {
        self.parcel.values.append(&mut other.parcel.values);
        self.parcel.texts.append(&mut other.parcel.texts);
        self.parcel.blobs.append(&mut other.parcel.blobs);
        self.bytes.append(&mut other.bytes);
        self.completions += other.completions;
    }
}

#[derive(Default)]
struct State {
    loads: VecDeque<Load>,
    /// Size of the last load, which small ones may join.
    last: usize,
    /// Size of all of them.
    waiting: usize,
    /// JavaScript was woken and has not found the outbox empty since.
    awake: bool,
    closed: bool,
}

/// A queue of loads, in the order in which their operations finished.
#[derive(Default)]
pub struct Outbox {
    state: Mutex<State>,
    room: Notify,
}

impl Outbox {
    /// Adds a load. Answers whether JavaScript must be woken.
    pub fn push(&self, load: Load) -> bool {
        let size = load.size();
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        state.waiting += size;
        let joins = size <= SMALL && state.last + size <= FULL;
        match state.loads.back_mut() {
            Some(last) if joins => {
                last.append(load);
                state.last += size;
            }
            _ => {
                state.loads.push_back(load);
                state.last = size;
            }
        }
        !std::mem::replace(&mut state.awake, true)
    }

    /// The oldest load. When there is none, the next [`Self::push`] asks to wake JavaScript again.
    pub fn take(&self) -> Option<Load> {
        let mut state = self.lock();
        let load = state.loads.pop_front();
        state.awake = load.is_some();
        let was_behind = state.waiting > MOST_WAITING;
        state.waiting -= load.as_ref().map_or(0, Load::size);
        if was_behind && state.waiting <= MOST_WAITING {
            self.room.notify_waiters();
        }
        load
    }

    /// Whether JavaScript is so far behind with fetching that no more should be asked of the server.
    pub fn is_behind(&self) -> bool {
        self.lock().waiting > MOST_WAITING
    }

    /// Waits until it is not.
    pub async fn caught_up(&self) {
        loop {
            let room = self.room.notified();
            if !self.is_behind() {
                return;
            }
            room.await;
        }
    }

    /// Forgets everything; nothing is accepted any more.
    pub fn close(&self) {
        let mut state = self.lock();
        *state = State {
            closed: true,
            ..State::default()
        };
        self.room.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(op: u32, bytes: usize) -> Load {
        let parcel = Parcel {
            values: vec![f64::from(op)],
            texts: vec![op.to_string()],
            ..Parcel::default()
        };
        Load {
            parcel,
            bytes: vec![0; bytes],
            completions: 1,
        }
    }

    fn drain(outbox: &Outbox) -> Vec<Load> {
        std::iter::from_fn(|| outbox.take()).collect()
    }

    #[test]
    fn wakes_once_until_it_was_found_empty() {
        let outbox = Outbox::default();
        assert!(outbox.push(load(1, 8)));
        assert!(!outbox.push(load(2, 8)));
        assert!(outbox.take().is_some());
        assert!(!outbox.push(load(3, 8)), "JavaScript is still emptying it");
        assert!(outbox.take().is_some());
        assert!(outbox.take().is_none());
        assert!(outbox.push(load(4, 8)));
    }

    #[test]
    fn joins_what_is_small_and_keeps_the_order() {
        let outbox = Outbox::default();
        for (op, bytes) in [(1, 8), (2, 8), (3, SMALL + 1), (4, 8), (5, 8), (6, FULL), (7, 8)] {
            outbox.push(load(op, bytes));
        }
        let loads = drain(&outbox);
        let texts: Vec<String> = loads.iter().map(|load| load.parcel.texts.concat()).collect();
        assert_eq!(texts, ["12", "345", "6", "7"]);
        assert_eq!(
            loads.iter().map(|load| load.completions).collect::<Vec<_>>(),
            [2, 3, 1, 1]
        );
    }

    #[test]
    fn a_joined_load_has_an_end() {
        let outbox = Outbox::default();
        for op in 0..1000 {
            outbox.push(load(op, SMALL / 2));
        }
        let loads = drain(&outbox);
        assert!(loads.len() > 10);
        assert!(loads.iter().all(|load| load.size() <= FULL));
    }

    #[test]
    fn accepts_nothing_when_closed() {
        let outbox = Outbox::default();
        outbox.push(load(1, 8));
        outbox.close();
        assert!(outbox.take().is_none());
        assert!(!outbox.push(load(2, 8)));
        assert!(outbox.take().is_none());
    }

    #[tokio::test]
    async fn who_asks_for_more_waits_while_too_much_is_there() {
        let outbox = std::sync::Arc::new(Outbox::default());
        outbox.caught_up().await;
        outbox.push(load(1, MOST_WAITING));
        outbox.push(load(2, 8));
        assert!(outbox.is_behind());
        let waiting = tokio::spawn({
            let outbox = std::sync::Arc::clone(&outbox);
            async move { outbox.caught_up().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        outbox.take();
        waiting.await.unwrap();
        outbox.push(load(3, MOST_WAITING));
        assert!(outbox.is_behind());
        outbox.close();
        outbox.caught_up().await;
    }
}
