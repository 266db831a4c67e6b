use std::time::Duration;

use bson::doc;
use polymongo::engine::request::Purpose;

use crate::support::{Client, Pending, batch, eventually, fresh, handle, reply};

#[test]
fn nothing_is_asked_of_the_server_while_replies_are_not_fetched() {
    let client = Client::with(&doc! { "monitorCommands": true });
    let db = "engine_back_pressure";
    fresh(&client, db);
    let documents: Vec<bson::Document> = (0..9).map(|number| doc! { "_id": number }).collect();
    client
        .write(db, &doc! { "insert": "c", "documents": documents })
        .unwrap();
    let find = doc! { "find": "c", "batchSize": 3 };
    let sessions: Vec<i64> = (0..3).map(|_| client.session()).collect();
    let cursors: Vec<i64> = (0..3).map(|_| handle()).collect();
    client.begin(sessions[2]);
    for (cursor, session) in cursors.iter().zip([0, sessions[1], sessions[2]]) {
        batch(client.open(*cursor, db, session, &find).wait());
    }
    let before = (client.sent("find"), client.sent("getMore"), client.sent("count"));
    client.events.is_behind(true);
    let count = doc! { "count": "c" };
    let mut pending: Vec<Pending> = cursors.iter().map(|cursor| client.next(*cursor)).collect();
    pending.push(client.open(handle(), db, 0, &find));
    pending.push(client.open(handle(), db, sessions[0], &find));
    let replies = [
        client.send(db, 0, Purpose::Read, &count, None),
        client.send(db, sessions[0], Purpose::Read, &count, None),
    ];
    std::thread::sleep(Duration::from_millis(300));
    let now = (client.sent("find"), client.sent("getMore"), client.sent("count"));
    assert_eq!(now, before);
    client.events.is_behind(false);
    for one in pending {
        assert_eq!(batch(one.wait()).0.len(), 3);
    }
    for one in replies {
        assert_eq!(reply(one.wait()).get_i32("n").ok(), Some(9));
    }
    client.commit(sessions[2]).wait().unwrap();
    eventually("nothing is held", Duration::from_secs(5), || {
        client.pool("")["waitQueueSize"] == 0
    });
}
