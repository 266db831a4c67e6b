//! One JavaScript environment (the main thread's, or a worker's): its outbox, how to wake it, and what it opened.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{
    Array, Buffer, BufferSlice, Float64Array, Float64ArraySlice, Function, FunctionCallContext, Null,
    ToNapiValue,
};
use napi::sys::{napi_env, napi_value};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;

use super::gathered::Gathered;
use super::outbox::{Load, Outbox};
use crate::allocator::keep_freed_memory;
use crate::engine::Engine;
use crate::reply::{Parcel, Shapes};

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
    /// `wake` is called when something has finished and is to be fetched; a `Buffer` holds `most_bytes`.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, wake: Function<(), ()>, most_bytes: i64) -> Result<Self> {
        keep_freed_memory();
        let wake = wake.build_threadsafe_function().weak::<true>().build()?;
        let shared = Arc::new(Environment {
            outbox: Outbox::default(),
            shapes: Shapes::new(MOST_SHAPES),
            gathered: Gathered::new(usize::try_from(most_bytes).unwrap_or(usize::MAX)),
            wake: Mutex::new(Some(wake)),
            pending: AtomicU32::new(0),
            engines: Mutex::default(),
        });
        env.add_env_cleanup_hook(Arc::clone(&shared), |shared| shared.close())?;
        Ok(Self { shared })
    }

    /// A function that fetches the oldest finished load; see [`Fetched`] for its answers. The numbers of most loads are
    /// written to `page`, after how many they are, and stand there until the next call.
    ///
    /// A function and not a method, for the reason that `NativeClient::submitter` has.
    #[napi(
        catch_unwind,
        ts_return_type = "() => null | true | string | [Float64Array | null, string[] | null, Buffer[] | null, Buffer | null]"
    )]
    pub fn fetcher<'env>(&self, env: &'env Env, page: Float64Array) -> Result<Function<'env, (), Fetched>> {
        let shared = Arc::clone(&self.shared);
        let page = RefCell::new(page);
        env.create_function_from_closure("fetch", move |call: FunctionCallContext| {
            let Some(load) = shared.outbox.take() else {
                return Ok(Fetched::Nothing);
            };
            shared.end(*call.env, load.completions);
            let mut page = page.borrow_mut();
            // JavaScript does not run meanwhile, and no other thread knows of its memory.
            let page = unsafe { page.as_mut() };
            Ok(Fetched::new(load, page))
        })
    }

    /// The definition of a shape that a packed batch named, as JSON; null for an unknown one.
    #[napi(catch_unwind)]
    pub fn shape(&self, id: u32) -> Option<String> {
        self.shared.shapes.definition(id)
    }
}

/// What the outbox answers. Single texts, and none at all, are the rule and are worth a form of their own.
pub enum Fetched {
    /// `null`: nothing is left.
    Nothing,
    /// `true`: the page holds all there is.
    Numbers,
    /// A string: the load's only text; the rest is on the page.
    Text(String),
    /// `[values, texts, blobs, bytes]`, each null if there is none; the values are null as well if they are on the page.
    Parts(Load, bool),
}

impl Fetched {
    fn new(mut load: Load, page: &mut [f64]) -> Self {
        let on_page = write_page(page, &load.parcel.values).is_some();
        let Parcel { texts, blobs, .. } = &mut load.parcel;
        if !on_page || !blobs.is_empty() || !load.bytes.is_empty() {
            return Self::Parts(load, on_page);
        }
        match texts.as_mut_slice() {
            [] => Self::Numbers,
            [text] => Self::Text(std::mem::take(text)),
            _ => Self::Parts(load, on_page),
        }
    }
}

fn write_page(page: &mut [f64], values: &[f64]) -> Option<()> {
    let (count, rest) = page.split_first_mut()?;
    rest.get_mut(..values.len())?.copy_from_slice(values);
    *count = values.len() as f64;
    Some(())
}

impl ToNapiValue for Fetched {
    unsafe fn to_napi_value(env: napi_env, fetched: Self) -> Result<napi_value> {
        // What the caller promises of `env` is all that is needed here.
        unsafe {
            match fetched {
                Self::Nothing => Null::to_napi_value(env, Null),
                Self::Numbers => bool::to_napi_value(env, true),
                Self::Text(text) => String::to_napi_value(env, text),
                Self::Parts(load, on_page) => {
                    Array::to_napi_value(env, parts(&Env::from_raw(env), load, on_page)?)
                }
            }
        }
    }
}

fn parts(env: &Env, load: Load, on_page: bool) -> Result<Array<'_>> {
    let Parcel { values, texts, blobs } = load.parcel;
    let mut parts = env.create_array(4)?;
    parts.set(
        0,
        if on_page {
            None
        } else {
            Some(numbers(env, values)?)
        },
    )?;
    parts.set(1, list(env, texts)?)?;
    parts.set(2, list(env, buffers(blobs))?)?;
    parts.set(3, bytes(env, load.bytes)?)?;
    Ok(parts)
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
