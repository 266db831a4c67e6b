use std::time::Duration;

use bson::doc;
use polymongo::engine::{error::ErrorKind, request::Purpose};

use crate::support::{Client, batch, eventually, fresh, handle, reply};

#[test]
fn a_panic_is_an_error_of_its_operation_and_holds_nothing() {
    let client = Client::with(&doc! { "maxPoolSize": 1 });
    let db = "engine_panics";
    fresh(&client, db);
    let documents: Vec<bson::Document> = (0..9).map(|number| doc! { "_id": number }).collect();
    client
        .write(db, &doc! { "insert": "c", "documents": documents })
        .unwrap();
    let (count, find) = (doc! { "count": "c" }, doc! { "find": "c", "batchSize": 2 });
    let (session, transaction, cursor) = (client.session(), client.session(), handle());
    let insert = |number: i32| doc! { "insert": "c", "documents": [{ "_id": number }] };
    client.begin(transaction);
    reply(
        client
            .send(db, transaction, Purpose::Write, &insert(10), None)
            .wait(),
    );
    batch(client.open(cursor, db, 0, &find).wait());
    client.events.panics(true);
    let panicked = [
        client.send(db, 0, Purpose::Read, &count, None),
        client.send(db, 0, Purpose::Write, &insert(11), None),
        client.open(handle(), db, 0, &find),
        client.send(db, session, Purpose::Read, &count, None),
        client.open(handle(), db, session, &find),
        client.send(db, transaction, Purpose::Write, &insert(12), None),
        client.next(cursor),
    ];
    for one in panicked {
        assert_eq!(one.wait().unwrap_err().kind, ErrorKind::Internal);
    }
    client.events.panics(false);
    // The one place in the pool is free again, the session goes on, and so does the transaction.
    reply(client.send(db, session, Purpose::Read, &count, None).wait());
    reply(
        client
            .send(db, transaction, Purpose::Write, &insert(13), None)
            .wait(),
    );
    client.commit(transaction).wait().unwrap();
    client.close_cursor(cursor).wait().unwrap();
    for one in [session, transaction] {
        client.end(one).wait().unwrap();
    }
    assert_eq!(client.find(db, &doc! { "_id": { "$gte": 10 } }).len(), 2);
    eventually("nothing is held", Duration::from_secs(5), || {
        client.pool("")["leases"] == 0 && client.stats()["operations"]["inFlight"] == 0
    });
}
