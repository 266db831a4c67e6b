//! The open change streams of one client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::join_all;

use super::stream::Stream;

/// All of them, by handle.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<i64, Arc<Stream>>>);

impl Streams {
    fn all(&self) -> MutexGuard<'_, HashMap<i64, Arc<Stream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers one that is being opened.
    pub fn insert(&self, handle: i64, stream: Arc<Stream>) {
        self.all().insert(handle, stream);
    }

    /// Finds one.
    pub fn get(&self, handle: i64) -> Option<Arc<Stream>> {
        self.all().get(&handle).cloned()
    }

    /// Forgets one that has failed or ended by itself.
    pub fn remove(&self, handle: i64) {
        let removed = self.all().remove(&handle);
        drop(removed);
    }

    /// Closes one now; the future waits until its cursor is let go.
    pub fn close(&self, handle: i64) -> impl Future<Output = ()> + Send + use<> {
        let stream = self.all().remove(&handle);
        if let Some(stream) = &stream {
            stream.close();
        }
        async move {
            if let Some(stream) = stream {
                stream.gone().await;
            }
        }
    }

    /// Closes all of them now; the future waits until their cursors are let go.
    pub fn close_all(&self) -> impl Future<Output = ()> + Send + use<> {
        let streams: Vec<Arc<Stream>> = self.all().drain().map(|(_, stream)| stream).collect();
        for stream in &streams {
            stream.close();
        }
        async move {
            join_all(streams.iter().map(|stream| stream.gone())).await;
        }
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.all().len()
    }
}
