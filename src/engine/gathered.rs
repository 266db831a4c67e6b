//! A reply whose cursor is read to its end before anybody sees it.

use bson::{RawArrayBuf, RawBsonRef, RawDocument, RawDocumentBuf, raw::cstr, rawdoc};

use super::body;

/// A reply, the documents of its cursor so far, and the cursor.
pub struct Gathered {
    reply: RawDocumentBuf,
    documents: RawArrayBuf,
    cursor: i64,
}

impl Gathered {
    /// Begins with the reply that opens the cursor; one without a cursor stays as it is.
    pub fn new(reply: RawDocumentBuf) -> Self {
        let mut gathered = Self {
            cursor: 0,
            documents: RawArrayBuf::new(),
            reply: RawDocumentBuf::new(),
        };
        gathered.add(&reply);
        gathered.reply = reply;
        gathered
    }

    /// Adds a batch.
    pub fn add(&mut self, reply: &RawDocument) {
        self.cursor = body::cursor_id(reply);
        let Ok(cursor) = reply.get_document("cursor") else {
            return;
        };
        let batch = cursor
            .get_array("nextBatch")
            .or_else(|_| cursor.get_array("firstBatch"));
        for document in batch.into_iter().flatten() {
            if let Ok(RawBsonRef::Document(document)) = document {
                self.documents.push(document.to_owned());
            }
        }
    }

    /// The command for the next batch; `None` when there is none.
    pub fn more(&self, opened_by: &RawDocument) -> Option<RawDocumentBuf> {
        if self.cursor == 0 {
            return None;
        }
        let namespace = self.reply.get_document("cursor").ok()?.get_str("ns").ok()?;
        let (_database, collection) = namespace.split_once('.')?;
        let mut more = rawdoc! { "getMore": self.cursor, "collection": collection };
        if let Ok(Some(comment)) = opened_by.get("comment") {
            more.append(cstr!("comment"), comment);
        }
        Some(more)
    }

    /// The reply with all documents in its first batch.
    pub fn into_reply(self) -> RawDocumentBuf {
        if self.reply.get_document("cursor").is_err() {
            return self.reply;
        }
        let mut whole = RawDocumentBuf::new();
        for (key, value) in self.reply.iter().flatten() {
            if key.as_str() != "cursor" {
                whole.append(key, value);
            }
        }
        whole.append(
            cstr!("cursor"),
            rawdoc! { "id": 0_i64, "firstBatch": self.documents },
        );
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(id: i64, name: &str, documents: &[i32]) -> RawDocumentBuf {
        let mut list = RawArrayBuf::new();
        for number in documents {
            list.push(rawdoc! { "n": *number });
        }
        let name = bson::raw::CString::try_from(name).unwrap();
        let mut cursor = rawdoc! { "id": id, "ns": "admin.$cmd.bulkWrite" };
        cursor.append(name, list);
        rawdoc! { "ok": 1, "cursor": cursor, "nInserted": 3 }
    }

    #[test]
    fn goes_on_until_the_cursor_is_used_up() {
        let command = rawdoc! { "bulkWrite": 1, "comment": 5 };
        let mut gathered = Gathered::new(batch(7, "firstBatch", &[0, 1]));
        let more = gathered.more(&command).unwrap();
        let wanted = rawdoc! { "getMore": 7_i64, "collection": "$cmd.bulkWrite", "comment": 5 };
        assert_eq!(more, wanted);
        gathered.add(&batch(0, "nextBatch", &[2]));
        assert!(gathered.more(&command).is_none());
        let reply = gathered.into_reply();
        assert_eq!(reply.get_i32("nInserted").ok(), Some(3));
        let all = reply
            .get_document("cursor")
            .unwrap()
            .get_array("firstBatch")
            .unwrap();
        assert_eq!(all.into_iter().count(), 3);
    }

    #[test]
    fn leaves_a_reply_without_a_cursor_alone() {
        let reply = rawdoc! { "ok": 1, "nInserted": 1 };
        let gathered = Gathered::new(reply.clone());
        assert!(gathered.more(&rawdoc! { "bulkWrite": 1 }).is_none());
        assert_eq!(gathered.into_reply(), reply);
    }
}
