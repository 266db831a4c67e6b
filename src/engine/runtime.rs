//! The tokio runtime of the process: one, ours, and never torn down (napi's own dies with the last environment).

use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};

use super::error::{EngineError, ErrorKind};
use crate::threads::wait_for_a_core;

/// Documents nest up to 180 levels and their decoders recurse.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// JavaScript's thread takes a core of its own, and an operation costs the engine no more than JavaScript. A worker too
/// many wakes up for nothing and takes the core away from JavaScript or the server: on two cores a second one costs a
/// fifth of the throughput.
const CORES_PER_WORKER: usize = 2;
const MOST_WORKERS: usize = 8;

static RUNTIME: LazyLock<Result<Runtime, String>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Builder::new_multi_thread()
        .worker_threads((cores / CORES_PER_WORKER).clamp(1, MOST_WORKERS))
        .thread_name("polymongo")
        .thread_stack_size(STACK_BYTES)
        .on_thread_start(wait_for_a_core)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
});

/// The runtime's handle.
pub fn handle() -> Result<Handle, EngineError> {
    match &*RUNTIME {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(reason) => Err(EngineError::new(
            ErrorKind::Internal,
            format!("The engine's threads could not be started: {reason}"),
        )),
    }
}
