//! One JavaScript environment (the main thread's, or a worker's): its outbox, how to wake it, and what it opened.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{Array, Buffer, BufferSlice, Float64ArraySlice, Function, ToNapiValue};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;

use super::gathered::Gathered;
use super::outbox::{Load, Outbox};
use crate::engine::Engine;
use crate::reply::Shapes;

/// A load's numbers or bytes up to this many bytes are copied into memory of JavaScript, whose collector then knows of
/// them; more than this is lent to it.
const COPIED: usize = 64 * 1024;

/// How many shapes an environment remembers.
const MOST_SHAPES: usize = 4096;

/// Wakes JavaScript; by itself it does not keep the process alive.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// What the environment's clients and operations share; it outlives the environment harmlessly.
pub struct Environment {
    outbox: Outbox,
    pub shapes: Shapes,
    pub gathered: Gathered,
    wake: Mutex<Option<Wake>>,
    /// Operations that JavaScript waits for: while there is one, the process stays alive. JavaScript's thread only.
    pending: AtomicU32,
    engines: Mutex<Vec<Arc<Engine>>>,
}

impl Environment {
    /// An operation was submitted.
    pub fn begin(&self, env: Env) {
        if self.pending.fetch_add(1, Ordering::Relaxed) == 0
            && let Some(wake) = lock(&self.wake).as_mut()
        {
            #[allow(
                deprecated,
                reason = "there is no other way to keep the process alive for a while"
            )]
            let _ = wake.refer(&env);
        }
    }

    /// So many operations were fetched by JavaScript.
    fn end(&self, env: Env, completions: u32) {
        if completions > 0
            && self.pending.fetch_sub(completions, Ordering::Relaxed) == completions
            && let Some(wake) = lock(&self.wake).as_mut()
        {
            #[allow(
                deprecated,
                reason = "there is no other way to keep the process alive for a while"
            )]
            let _ = wake.unref(&env);
        }
    }

    /// Sends a load to JavaScript. Any thread.
    pub fn post(&self, load: Load) {
        if self.outbox.push(load)
            && let Some(wake) = lock(&self.wake).as_ref()
        {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// What waits for JavaScript.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Keeps an engine, which ends with its handle or with the environment.
    pub fn adopt(&self, engine: &Arc<Engine>) {
        lock(&self.engines).push(Arc::clone(engine));
    }

    /// Disposes of an engine, unless the environment has done so.
    pub fn dispose(&self, engine: &Arc<Engine>) {
        let mut engines = lock(&self.engines);
        if let Some(index) = engines.iter().position(|kept| Arc::ptr_eq(kept, engine)) {
            engines.swap_remove(index).dispose();
        }
    }

    /// The environment ends: nothing is delivered any more, and what runs is cancelled.
    fn close(&self) {
        self.outbox.close();
        lock(&self.wake).take();
        for engine in lock(&self.engines).drain(..) {
            engine.dispose();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// JavaScript's handle on its [`Environment`].
#[napi]
pub struct NativeEnvironment {
    pub(super) shared: Arc<Environment>,
}

#[napi]
impl NativeEnvironment {
    /// `wake` is called when something has finished and [`Self::drain`] is due.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, wake: Function<(), ()>) -> Result<Self> {
        let wake = wake.build_threadsafe_function().weak::<true>().build()?;
        let shared = Arc::new(Environment {
            outbox: Outbox::default(),
            shapes: Shapes::new(MOST_SHAPES),
            gathered: Gathered::default(),
            wake: Mutex::new(Some(wake)),
            pending: AtomicU32::new(0),
            engines: Mutex::default(),
        });
        env.add_env_cleanup_hook(Arc::clone(&shared), |shared| shared.close())?;
        Ok(Self { shared })
    }

    /// The oldest finished load, `[values, texts, blobs, bytes]`; null when nothing is left.
    #[napi(catch_unwind)]
    pub fn drain<'env>(&self, env: &'env Env) -> Result<Option<Array<'env>>> {
        let Some(load) = self.shared.outbox.take() else {
            return Ok(None);
        };
        self.shared.end(*env, load.completions);
        let mut parcel = env.create_array(4)?;
        parcel.set(0, numbers(env, load.parcel.values)?)?;
        parcel.set(1, list(env, load.parcel.texts)?)?;
        parcel.set(2, list(env, buffers(load.parcel.blobs))?)?;
        parcel.set(3, bytes(env, load.bytes)?)?;
        Ok(Some(parcel))
    }

    /// The definition of a shape that a packed batch named, as JSON; null for an unknown one.
    #[napi(catch_unwind)]
    pub fn shape(&self, id: u32) -> Option<String> {
        self.shared.shapes.definition(id)
    }
}

pub(super) fn numbers(env: &Env, values: Vec<f64>) -> Result<Float64ArraySlice<'_>> {
    if size_of_val(values.as_slice()) <= COPIED {
        Float64ArraySlice::copy_from(env, values)
    } else {
        Float64ArraySlice::from_data(env, values)
    }
}

/// An array; null for an empty one, which is not worth making.
pub(super) fn list<T: ToNapiValue>(env: &Env, items: Vec<T>) -> Result<Option<Array<'_>>> {
    if items.is_empty() {
        return Ok(None);
    }
    let mut list = env.create_array(items.len() as u32)?;
    for (index, item) in (0..).zip(items) {
        list.set(index, item)?;
    }
    Ok(Some(list))
}

pub(super) fn buffers(blobs: Vec<Vec<u8>>) -> Vec<Buffer> {
    blobs.into_iter().map(Buffer::from).collect()
}

pub(super) fn bytes(env: &Env, bytes: Vec<u8>) -> Result<Option<BufferSlice<'_>>> {
    Ok(match bytes.len() {
        0 => None,
        1..=COPIED => Some(BufferSlice::copy_from(env, bytes)?),
        _ => Some(BufferSlice::from_data(env, bytes)?),
    })
}
