//! Reading a command's bytes and adding what the driver's raw commands leave out. Never decodes, never recurses.

use bson::{Bson, RawBsonRef, RawDocument, RawDocumentBuf, Timestamp, raw::cstr};

use super::error::{EngineError, ErrorKind};

/// Commands that take `readConcern.afterClusterTime`: those the official drivers send it with.
const CAUSAL: [&str; 14] = [
    "find",
    "aggregate",
    "count",
    "distinct",
    "insert",
    "update",
    "delete",
    "findAndModify",
    "bulkWrite",
    "create",
    "createIndexes",
    "drop",
    "dropDatabase",
    "dropIndexes",
];

/// The command's name: its first key.
pub fn name(body: &RawDocument) -> Result<&str, EngineError> {
    match body.iter_elements().next() {
        Some(Ok(element)) => Ok(element.key().as_str()),
        Some(Err(error)) => Err(malformed(&error)),
        None => Err(EngineError::new(
            ErrorKind::InvalidArgument,
            "The command is an empty document",
        )),
    }
}

/// Whether the write asks for no acknowledgement; such a one is never numbered.
pub fn is_unacknowledged(body: &RawDocument) -> bool {
    let concern = body
        .get("writeConcern")
        .ok()
        .flatten()
        .and_then(RawBsonRef::as_document);
    let w = concern.and_then(|concern| concern.get("w").ok().flatten());
    matches!(w, Some(RawBsonRef::Int32(0) | RawBsonRef::Int64(0)))
        || matches!(w, Some(RawBsonRef::Double(0.0)))
}

/// Gives a write its number.
pub fn number(body: &mut RawDocumentBuf, number: i64) {
    body.append(cstr!("txnNumber"), number);
}

/// Adds `readConcern.afterClusterTime` to a command that takes it.
pub fn after(body: RawDocumentBuf, time: Timestamp) -> Result<RawDocumentBuf, EngineError> {
    if !CAUSAL.contains(&name(&body)?) {
        return Ok(body);
    }
    let mut concern = RawDocumentBuf::new();
    let existing = body.get("readConcern").map_err(|error| malformed(&error))?;
    if let Some(RawBsonRef::Document(existing)) = existing {
        for element in existing {
            let (key, value) = element.map_err(|error| malformed(&error))?;
            if key.as_str() != "afterClusterTime" {
                concern.append(key, value);
            }
        }
    }
    concern.append(cstr!("afterClusterTime"), time);
    let mut body = if existing.is_some() {
        without_read_concern(body)?
    } else {
        body
    };
    body.append(cstr!("readConcern"), concern);
    Ok(body)
}

/// Takes `readConcern` out: in a snapshot session the driver writes its own.
pub fn without_read_concern(body: RawDocumentBuf) -> Result<RawDocumentBuf, EngineError> {
    if body
        .get("readConcern")
        .map_err(|error| malformed(&error))?
        .is_none()
    {
        return Ok(body);
    }
    let mut rest = RawDocumentBuf::new();
    for element in &*body {
        let (key, value) = element.map_err(|error| malformed(&error))?;
        if key.as_str() != "readConcern" {
            rest.append(key, value);
        }
    }
    Ok(rest)
}

/// What further batches of a cursor need to know of the command that opens it.
#[derive(Debug, Default, PartialEq)]
pub struct CursorOptions {
    /// Documents per batch.
    pub batch_size: Option<u32>,
    /// For the server's log.
    pub comment: Option<Bson>,
    /// The server waits for more at the end.
    pub awaits_data: bool,
}

impl CursorOptions {
    /// Reads them from the command: `batchSize` of a find, `cursor.batchSize` of the others.
    pub fn read(body: &RawDocument) -> Result<Self, EngineError> {
        let mut options = Self::default();
        let (mut size, mut inner_size) = (None, None);
        let (mut tailable, mut awaits) = (false, false);
        for element in body {
            let (key, value) = element.map_err(|error| malformed(&error))?;
            match (key.as_str(), value) {
                ("cursor", RawBsonRef::Document(cursor)) => {
                    inner_size = cursor.get("batchSize").map_err(|error| malformed(&error))?;
                }
                ("batchSize", value) => size = Some(value),
                ("comment", value) => {
                    options.comment = Some(Bson::try_from(value).map_err(|error| malformed(&error))?);
                }
                ("tailable", value) => tailable = value.as_bool().unwrap_or(false),
                ("awaitData", value) => awaits = value.as_bool().unwrap_or(false),
                _ => {}
            }
        }
        options.batch_size = inner_size
            .or(size)
            .and_then(whole)
            .and_then(|size| u32::try_from(size).ok());
        options.awaits_data = tailable && awaits;
        Ok(options)
    }
}

/// The id of a reply's cursor; 0 when it holds no more.
pub fn cursor_id(reply: &RawDocument) -> i64 {
    let cursor = reply
        .get("cursor")
        .ok()
        .flatten()
        .and_then(RawBsonRef::as_document);
    let id = cursor
        .and_then(|cursor| cursor.get("id").ok().flatten())
        .and_then(whole);
    id.unwrap_or_default()
}

/// Whether a reply that is no error carries a label, beside or inside its `writeConcernError`.
pub fn reply_has_label(reply: &RawDocument, label: &str) -> bool {
    let labels_of = |document: &RawDocument| {
        let labels = document
            .get("errorLabels")
            .ok()
            .flatten()
            .and_then(RawBsonRef::as_array);
        labels.is_some_and(|labels| {
            labels
                .into_iter()
                .flatten()
                .any(|own| own.as_str() == Some(label))
        })
    };
    let concern = reply
        .get("writeConcernError")
        .ok()
        .flatten()
        .and_then(RawBsonRef::as_document);
    labels_of(reply) || concern.is_some_and(labels_of)
}

/// Whether a reply says that its command was carried out; `None`: it does not say.
pub fn reply_is_ok(reply: &RawDocument) -> Option<bool> {
    match reply.get("ok").ok()?? {
        RawBsonRef::Double(ok) => Some(ok > 0.0),
        RawBsonRef::Int32(ok) => Some(ok > 0),
        RawBsonRef::Int64(ok) => Some(ok > 0),
        RawBsonRef::Boolean(ok) => Some(ok),
        _ => None,
    }
}

fn whole(value: RawBsonRef<'_>) -> Option<i64> {
    match value {
        RawBsonRef::Int32(number) => Some(i64::from(number)),
        RawBsonRef::Int64(number) => Some(number),
        RawBsonRef::Double(number) if number.fract() == 0.0 => Some(number as i64),
        _ => None,
    }
}

fn malformed(error: &bson::error::Error) -> EngineError {
    EngineError::new(
        ErrorKind::InvalidArgument,
        format!("The command is not valid BSON: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use bson::{Document, doc, rawdoc};

    use super::*;

    fn decoded(raw: &RawDocument) -> Document {
        raw.try_into().unwrap()
    }

    #[test]
    fn merges_after_cluster_time_into_the_read_concern() {
        let time = Timestamp {
            time: 7,
            increment: 1,
        };
        let find = rawdoc! { "find": "c", "readConcern": { "level": "majority" }, "limit": 1 };
        assert_eq!(
            decoded(&after(find, time).unwrap()),
            doc! { "find": "c", "limit": 1, "readConcern": { "level": "majority", "afterClusterTime": time } }
        );
        let insert = after(rawdoc! { "insert": "c" }, time).unwrap();
        assert_eq!(
            decoded(&insert),
            doc! { "insert": "c", "readConcern": { "afterClusterTime": time } }
        );
        assert_eq!(
            decoded(&after(rawdoc! { "ping": 1 }, time).unwrap()),
            doc! { "ping": 1 }
        );
        assert!(after(RawDocumentBuf::new(), time).is_err());
    }

    #[test]
    fn reads_what_cursors_need() {
        let find = rawdoc! { "find": "c", "batchSize": 5, "comment": { "a": 1 }, "tailable": true, "awaitData": true };
        let options = CursorOptions::read(&find).unwrap();
        assert_eq!((options.batch_size, options.awaits_data), (Some(5), true));
        assert_eq!(options.comment, Some(Bson::Document(doc! { "a": 1 })));
        let aggregate = rawdoc! { "aggregate": "c", "cursor": { "batchSize": 3.0 } };
        assert_eq!(CursorOptions::read(&aggregate).unwrap().batch_size, Some(3));
        assert_eq!(
            CursorOptions::read(&rawdoc! { "listIndexes": "c" }).unwrap(),
            CursorOptions::default()
        );
    }

    #[test]
    fn knows_unacknowledged_writes_and_labels() {
        assert!(is_unacknowledged(
            &rawdoc! { "insert": "c", "writeConcern": { "w": 0 } }
        ));
        assert!(!is_unacknowledged(
            &rawdoc! { "insert": "c", "writeConcern": { "w": "majority" } }
        ));
        assert!(!is_unacknowledged(&rawdoc! { "insert": "c" }));
        let beside =
            rawdoc! { "ok": 1, "writeConcernError": { "code": 91 }, "errorLabels": ["RetryableWriteError"] };
        let inside = rawdoc! { "ok": 1, "writeConcernError": { "errorLabels": ["RetryableWriteError"] } };
        assert!(reply_has_label(&beside, "RetryableWriteError"));
        assert!(reply_has_label(&inside, "RetryableWriteError"));
        assert!(!reply_has_label(&rawdoc! { "ok": 1 }, "RetryableWriteError"));
        assert_eq!(cursor_id(&rawdoc! { "cursor": { "id": i64::MAX } }), i64::MAX);
        assert_eq!(cursor_id(&rawdoc! { "ok": 1 }), 0);
    }
}
