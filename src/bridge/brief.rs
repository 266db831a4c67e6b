//! Replies that can be said in a few words: JavaScript shows nothing else of them.

use bson::{RawBsonRef, RawDocument};

/// What a reply may hold that nobody is shown.
const SILENT: [&str; 6] = [
    "ok",
    "$clusterTime",
    "operationTime",
    "opTime",
    "electionId",
    "lsid",
];

/// `n` and `nModified` (-1: not said) of a write's reply; `None` if it says anything else.
pub fn counts(reply: &RawDocument) -> Option<[f64; 2]> {
    let mut counts = [-1.0; 2];
    for element in reply {
        let (key, value) = element.ok()?;
        match (key.as_str(), value) {
            ("n", RawBsonRef::Int32(number)) => counts[0] = number.into(),
            ("nModified", RawBsonRef::Int32(number)) => counts[1] = number.into(),
            (key, _) if SILENT.contains(&key) => {}
            _ => return None,
        }
    }
    (counts[0] >= 0.0).then_some(counts)
}

/// The document `value` of a reply, none if that is missing or null; `None` if the reply says anything else.
pub fn value(reply: &RawDocument) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    for element in reply {
        let (key, value) = element.ok()?;
        match (key.as_str(), value) {
            ("value", RawBsonRef::Document(document)) => found.push(document.as_bytes()),
            ("value", RawBsonRef::Null) | ("lastErrorObject", _) => {}
            (key, _) if SILENT.contains(&key) => {}
            _ => return None,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{Timestamp, doc, rawdoc};

    #[test]
    fn a_plain_write_is_two_numbers() {
        let time = Timestamp {
            time: 1,
            increment: 1,
        };
        let reply = rawdoc! {
            "n": 2, "nModified": 1, "ok": 1.0, "electionId": 1, "opTime": { "ts": time, "t": 1_i64 },
            "$clusterTime": { "clusterTime": time }, "operationTime": time,
        };
        assert_eq!(counts(&reply), Some([2.0, 1.0]));
        assert_eq!(counts(&rawdoc! { "n": 0, "ok": 1.0 }), Some([0.0, -1.0]));
    }

    #[test]
    fn whatever_else_a_reply_says_is_left_to_javascript() {
        for reply in [
            rawdoc! { "n": 1, "upserted": [{ "index": 0, "_id": 1 }], "ok": 1.0 },
            rawdoc! { "n": 0, "writeErrors": [{ "index": 0 }], "ok": 1.0 },
            rawdoc! { "n": 1, "writeConcernError": { "code": 64 }, "ok": 1.0 },
            rawdoc! { "n": 1, "errorLabels": ["a"], "ok": 1.0 },
            rawdoc! { "n": 5_000_000_000_i64, "ok": 1.0 },
            rawdoc! { "ok": 1.0 },
        ] {
            assert_eq!(counts(&reply), None, "{reply:?}");
        }
        for reply in [
            rawdoc! { "value": {}, "writeConcernError": { "code": 64 }, "ok": 1.0 },
            rawdoc! { "value": 1, "ok": 1.0 },
        ] {
            assert_eq!(value(&reply), None, "{reply:?}");
        }
    }

    #[test]
    fn a_value_is_found_or_missing() {
        let found = rawdoc! { "lastErrorObject": { "n": 1 }, "value": { "a": 1 }, "ok": 1.0 };
        let bytes = doc! { "a": 1 }.to_vec().unwrap();
        assert_eq!(value(&found), Some(vec![bytes.as_slice()]));
        assert_eq!(value(&rawdoc! { "value": null, "ok": 1.0 }), Some(Vec::new()));
        assert_eq!(value(&rawdoc! { "ok": 1.0 }), Some(Vec::new()));
    }
}
