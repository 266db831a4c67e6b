//! The ceiling of the benchmark: what the `mongodb` crate does with the same workloads and nothing around it.
//!
//! `polymongo-limit <uri> <database> <pool size>` reads one JSON line per measurement,
//! `{"name", "concurrency", "milliseconds"}`, and answers each with `{"operationsPerSecond"}` or `{"error"}`.

mod workload;

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mongodb::Client;
use mongodb::options::ClientOptions;
use serde_json::{Value, json};
use workload::{Context, Workload};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [uri, database, pool_size] = arguments.as_slice() else {
        return Err("usage: polymongo-limit <uri> <database> <pool size>".into());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let context = runtime.block_on(connect(uri, database, pool_size.parse()?))?;
    answer(&json!({ "ready": true }))?;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let reply = match runtime.block_on(measure(&request, &context)) {
            Ok(operations_per_second) => json!({ "operationsPerSecond": operations_per_second }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        answer(&reply)?;
    }
    Ok(())
}

fn answer(reply: &Value) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{reply}")?;
    Ok(out.flush()?)
}

async fn connect(uri: &str, database: &str, pool_size: u32) -> Result<Arc<Context>, Failure> {
    let mut options = ClientOptions::parse(uri).await?;
    options.max_pool_size = Some(pool_size);
    Ok(Arc::new(
        Context::open(Client::with_options(options)?, database).await?,
    ))
}

/// Closed loop: `concurrency` tasks, each with one operation in flight, until the time is over.
async fn measure(request: &Value, context: &Arc<Context>) -> Result<f64, Failure> {
    let field = |name: &str| request.get(name).and_then(Value::as_u64);
    let name = request.get("name").and_then(Value::as_str).unwrap_or_default();
    let workload = Workload::named(name).ok_or_else(|| format!("no workload {name:?}"))?;
    let (Some(concurrency), Some(milliseconds)) = (field("concurrency"), field("milliseconds")) else {
        return Err("concurrency and milliseconds are wanted".into());
    };
    let started = Instant::now();
    let end = started + Duration::from_millis(milliseconds);
    let next = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..concurrency)
        .map(|_| {
            let (context, next) = (context.clone(), next.clone());
            tokio::spawn(async move {
                while Instant::now() < end {
                    workload
                        .run(&context, next.fetch_add(1, Ordering::Relaxed))
                        .await?;
                }
                Ok::<_, mongodb::error::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(next.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}
