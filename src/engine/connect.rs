//! Opening a pool and asking a server who it is.

use std::sync::Arc;

use bson::{RawDocumentBuf, raw::cstr, rawdoc};

use super::{
    error::EngineError,
    execute::{As, Sent, Work},
    operations::Operations,
    request::{Purpose, Request},
};
use crate::pool::{attempt::Attempt, lease::Lease};

/// What JavaScript wants to know of a `hello`.
const FACTS: [&str; 10] = [
    "setName",
    "hosts",
    "isWritablePrimary",
    "maxBsonObjectSize",
    "maxMessageSizeBytes",
    "maxWriteBatchSize",
    "logicalSessionTimeoutMinutes",
    "minWireVersion",
    "maxWireVersion",
    "msg",
];

/// Waits for a usable server and says what it is.
pub async fn connect(
    lease: &Lease,
    operations: Arc<Operations>,
    attempt: Arc<Attempt>,
) -> Result<RawDocumentBuf, EngineError> {
    let pool = lease.pool();
    let _permit = pool.gate.enter().admitted().await?;
    let request = Request {
        db: String::from("admin"),
        session: 0,
        purpose: Purpose::Read,
        body: rawdoc! { "hello": 1 },
        meta: None,
    };
    let work = Work::new(request, false, Arc::clone(pool), operations, Arc::clone(&attempt))?;
    let (Sent::Reply(hello) | Sent::Opened(_, hello)) = work.execute(As::Nobody).await?;
    if pool.settings.min_pool_size > 0 {
        let client = pool.client().await?;
        // As many connections as promised, soon; nobody waits for them.
        tokio::spawn(async move { client.warm_connection_pool().await });
    }
    let mut facts = rawdoc! { "ok": 1, "topology": kind(&hello) };
    for element in &*hello {
        if let Ok((key, value)) = element
            && FACTS.contains(&key.as_str())
        {
            facts.append(key, value);
        }
    }
    if let Some(address) = attempt.address() {
        facts.append(cstr!("address"), address);
    }
    Ok(facts)
}

fn kind(hello: &RawDocumentBuf) -> &'static str {
    if hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid") {
        "Sharded"
    } else if hello.get_str("setName").is_ok() {
        "ReplicaSet"
    } else {
        "Single"
    }
}
