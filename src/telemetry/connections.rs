//! The connections of a pool as events.

use std::time::Duration;

use bson::{RawDocumentBuf, raw::cstr, rawdoc};
use mongodb::{
    event::cmap::{CmapEvent, ConnectionCheckoutFailedReason, ConnectionClosedReason, ConnectionPoolOptions},
    options::ServerAddress,
};

use super::{
    databases::now_ms,
    events::{Events, Kind},
};

/// Hands one event over. Runs inline in the driver's pool: it never locks or waits.
pub fn note(event: &CmapEvent, events: &Events) {
    if events.wants(Kind::Connections)
        && let Some(event) = described(event)
    {
        events.send_later(event);
    }
}

fn described(event: &CmapEvent) -> Option<RawDocumentBuf> {
    Some(match event {
        CmapEvent::PoolCreated(created) => {
            let mut event = head("connectionPoolCreated", &created.address);
            event.append(cstr!("options"), options(created.options.as_ref()));
            event
        }
        CmapEvent::PoolReady(ready) => head("connectionPoolReady", &ready.address),
        CmapEvent::PoolCleared(cleared) => {
            let mut event = head("connectionPoolCleared", &cleared.address);
            event.append(
                cstr!("interruptInUseConnections"),
                cleared.interrupt_in_use_connections,
            );
            event
        }
        CmapEvent::PoolClosed(closed) => head("connectionPoolClosed", &closed.address),
        CmapEvent::ConnectionCreated(created) => {
            of_connection("connectionCreated", &created.address, created.connection_id)
        }
        CmapEvent::ConnectionReady(ready) => {
            let event = of_connection("connectionReady", &ready.address, ready.connection_id);
            timed(event, ready.duration)
        }
        CmapEvent::ConnectionClosed(closed) => {
            let mut event = of_connection("connectionClosed", &closed.address, closed.connection_id);
            event.append(cstr!("reason"), why_closed(&closed.reason));
            event
        }
        CmapEvent::ConnectionCheckoutStarted(started) => head("connectionCheckOutStarted", &started.address),
        CmapEvent::ConnectionCheckoutFailed(failed) => {
            let mut event = head("connectionCheckOutFailed", &failed.address);
            event.append(cstr!("reason"), why_failed(&failed.reason));
            timed(event, failed.duration)
        }
        CmapEvent::ConnectionCheckedOut(checked_out) => {
            let (address, id) = (&checked_out.address, checked_out.connection_id);
            timed(
                of_connection("connectionCheckedOut", address, id),
                checked_out.duration,
            )
        }
        CmapEvent::ConnectionCheckedIn(checked_in) => of_connection(
            "connectionCheckedIn",
            &checked_in.address,
            checked_in.connection_id,
        ),
        _ => return None,
    })
}

fn head(name: &str, address: &ServerAddress) -> RawDocumentBuf {
    rawdoc! { "type": "connection", "name": name, "time": now_ms() as f64, "address": address.to_string() }
}

fn of_connection(name: &str, address: &ServerAddress, id: u32) -> RawDocumentBuf {
    let mut event = head(name, address);
    event.append(cstr!("connectionId"), i64::from(id));
    event
}

fn timed(mut event: RawDocumentBuf, took: Duration) -> RawDocumentBuf {
    event.append(cstr!("durationMS"), took.as_secs_f64() * 1000.0);
    event
}

fn options(options: Option<&ConnectionPoolOptions>) -> RawDocumentBuf {
    let mut shown = RawDocumentBuf::new();
    let Some(options) = options else { return shown };
    if let Some(size) = options.max_pool_size {
        shown.append(cstr!("maxPoolSize"), i64::from(size));
    }
    if let Some(size) = options.min_pool_size {
        shown.append(cstr!("minPoolSize"), i64::from(size));
    }
    if let Some(time) = options.max_idle_time {
        shown.append(cstr!("maxIdleTimeMS"), time.as_millis() as f64);
    }
    shown
}

/// In the words of the official driver, which has none for a connection whose operation was cancelled.
fn why_closed(reason: &ConnectionClosedReason) -> &'static str {
    match reason {
        ConnectionClosedReason::Stale => "stale",
        ConnectionClosedReason::Idle => "idle",
        ConnectionClosedReason::PoolClosed => "poolClosed",
        _ => "error",
    }
}

fn why_failed(reason: &ConnectionCheckoutFailedReason) -> &'static str {
    match reason {
        ConnectionCheckoutFailedReason::Timeout => "timeout",
        _ => "connectionError",
    }
}
