//! From what the engine says of an operation to what JavaScript reads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bson::raw::RawBsonRef;
use bson::{RawDocument, RawDocumentBuf};

use super::environment::Environment;
use super::failure;
use super::outbox::Load;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::request::{Batch, Changes, Completer, EventSink, Outcome};
use crate::reply::{Parcel, pack};

/// What a completion is, as JavaScript's reader knows it.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Texts: kind and message; bytes: the failure's document.
    Error = 0,
    /// Bytes: the reply.
    Reply = 1,
    /// Numbers, if there is anything to say.
    Done = 2,
    /// Numbers: exhausted, count, length of the resume token, then the reader's; texts: one for each document.
    Packed = 3,
    /// Numbers: exhausted, count, length of the resume token; bytes: the token, then the documents.
    Raw = 4,
    /// Numbers: the client's number; text: JSON.
    Event = 5,
}

/// Replies above this many bytes are unpacked while the other tasks of the thread go elsewhere.
const LONG: usize = 1024 * 1024;

/// Tells JavaScript how one operation ended, whatever happens to it.
pub struct Completion {
    environment: Arc<Environment>,
    op: u32,
    packed: bool,
    told: bool,
}

impl Completion {
    /// For operation `op`; `packed`: documents are unpacked here.
    pub fn new(environment: Arc<Environment>, op: u32, packed: bool) -> Box<Self> {
        Box::new(Self { environment, op, packed, told: false })
    }

    fn tell(&mut self, load: Load) {
        self.told = true;
        self.environment.post(load);
    }

    fn load(&self, outcome: Result<Outcome, EngineError>) -> Result<Load, EngineError> {
        match outcome? {
            Outcome::Reply(reply) => Ok(entry(self.op, Kind::Reply, reply.into_bytes())),
            Outcome::Done => Ok(entry(self.op, Kind::Done, Vec::new())),
            Outcome::Batch(Batch { reply, exhausted }) => {
                self.documents(exhausted, None, documents_of(&reply)?, reply.as_bytes().len())
            }
            Outcome::Changes(Changes { events, resume_token }) => {
                let size = events.iter().map(|event| event.as_bytes().len()).sum();
                self.documents(false, resume_token, events.iter().map(|event| event.as_bytes()), size)
            }
        }
    }
}
