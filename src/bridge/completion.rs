//! From what the engine says of an operation to what JavaScript reads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use bson::raw::RawBsonRef;
use bson::{RawDocument, RawDocumentBuf};

use super::brief;
use super::environment::Environment;
use super::failure;
use super::gathered;
use super::outbox::Load;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::request::{Completer, EventSink, Outcome, Payload};
use crate::reply::{Json, Layout, Parcel, pack};

/// What an entry is; `lib/driver/outcome.js` reads them.
#[derive(Clone, Copy)]
enum Kind {
    /// Texts: kind, message; bytes: the failure as a document.
    Error = 0,
    /// Bytes: the reply.
    Reply = 1,
    /// Nothing.
    Done = 2,
    /// Numbers: the cursor's id as its high and its low half, count, length of the resume token, then the reader's; texts,
    /// blobs: the reader's; bytes: the token.
    Packed = 3,
    /// Numbers: the cursor's id in halves, count, length of the resume token; bytes: the token, then the documents.
    Raw = 4,
    /// Numbers: the client's number; texts: the event as JSON; bytes: its payload.
    Event = 5,
    /// Texts: a report of ours as JSON.
    Report = 6,
    /// Numbers: the cursor's id in halves, count, length of the text, how many gaps it has, then their places; bytes: the text, then the
    /// documents that it lacks.
    Json = 7,
    /// Numbers: how many a write has matched (`n`), and how many it has changed (`nModified`; -1: not said).
    Counts = 8,
    /// Like `Packed`, with one document or none.
    Value = 9,
}

/// Replies above this many bytes are unpacked while the thread's other tasks go elsewhere.
const LONG: usize = 1024 * 1024;

/// Numbers that head an entry: operation, kind, and how many numbers, texts, blobs and bytes belong to it.
const HEAD: usize = 6;

/// One entry.
fn entry(op: i64, kind: Kind, numbers: &[f64], texts: Vec<String>, bytes: Vec<u8>) -> Load {
    let mut values = Vec::with_capacity(HEAD + numbers.len());
    values.extend([op as f64, f64::from(kind as u8)]);
    values.extend([numbers.len(), texts.len(), 0, bytes.len()].map(|length| length as f64));
    values.extend_from_slice(numbers);
    let parcel = Parcel {
        values,
        texts,
        ..Parcel::default()
    };
    Load {
        parcel,
        bytes,
        completions: u32::from(op > 0),
    }
}

/// Tells JavaScript how one operation ended, exactly once, whatever happens to it.
pub struct Completion {
    environment: Arc<Environment>,
    op: i64,
    form: Form,
    told: bool,
}

/// What JavaScript wants of the outcome.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// As the server sent it.
    Bson,
    /// Documents unpacked.
    Packed,
    /// Documents as JSON.
    Text(Layout),
    /// All documents of a cursor as one JSON array, when it has no more.
    Gathered(gathered::Batch),
    /// What a write has counted; as the server sent it if it says more.
    Counts,
    /// The document `value`, unpacked like a batch of one, or of none; as the server sent it if it says more.
    Value,
    /// As JSON: a report of ours, for which JavaScript needs no BSON library.
    Json,
}

impl Completion {
    /// For operation `op`.
    pub fn new(environment: Arc<Environment>, op: i64, form: Form) -> Self {
        Self {
            environment,
            op,
            form,
            told: false,
        }
    }

    fn tell(&mut self, load: Load) {
        self.told = true;
        self.environment.post(load);
    }

    fn fail(&mut self, error: &EngineError) {
        let texts = vec![error.kind.name().to_owned(), error.message.clone()];
        self.tell(entry(
            self.op,
            Kind::Error,
            &[],
            texts,
            failure::payload(error).into_bytes(),
        ));
    }

    fn guarded(&self, outcome: Outcome) -> Result<Load, EngineError> {
        catch_unwind(AssertUnwindSafe(|| self.load(outcome))).unwrap_or_else(|_| {
            Err(EngineError::new(
                ErrorKind::Internal,
                "A defect of polymongo: the server's reply could not be read",
            ))
        })
    }

    fn load(&self, outcome: Outcome) -> Result<Load, EngineError> {
        match outcome {
            Outcome::Reply(reply) => Ok(self.reply(reply)),
            Outcome::Done => Ok(entry(self.op, Kind::Done, &[], Vec::new(), Vec::new())),
            Outcome::Batch(batch) => {
                let documents = documents_of(&batch.reply).ok_or_else(|| {
                    EngineError::new(
                        ErrorKind::Internal,
                        "The server's reply holds no batch of a cursor",
                    )
                })?;
                self.batch(batch.id, &documents)
            }
            Outcome::Changes(changes) => {
                let documents: Vec<&[u8]> = changes.events.iter().map(|event| event.as_bytes()).collect();
                let token = changes
                    .resume_token
                    .as_ref()
                    .map_or(&[][..], |token| token.as_bytes());
                Ok(self.documents(0, &documents, token))
            }
        }
    }

    fn reply(&self, reply: RawDocumentBuf) -> Load {
        match self.form {
            Form::Json => {
                let report = vec![failure::document_as_json(&reply)];
                return entry(self.op, Kind::Report, &[], report, Vec::new());
            }
            Form::Counts => {
                if let Some(counts) = brief::counts(&reply) {
                    return entry(self.op, Kind::Counts, &counts, Vec::new(), Vec::new());
                }
            }
            Form::Value => {
                if let Some(documents) = brief::value(&reply) {
                    return self.documents(0, &documents, &[]);
                }
            }
            Form::Bson | Form::Packed | Form::Text(_) | Form::Gathered(_) => {}
        }
        entry(self.op, Kind::Reply, &[], Vec::new(), reply.into_bytes())
    }

    fn batch(&self, cursor: i64, documents: &[&[u8]]) -> Result<Load, EngineError> {
        let json = match self.form {
            Form::Text(layout) => {
                let mut json = Json::default();
                json.extend(documents, layout);
                json
            }
            Form::Gathered(batch) => {
                let gathered = &self.environment.gathered;
                gathered.add(batch, cursor == 0, documents)?
            }
            _ => return Ok(self.documents(cursor, documents, &[])),
        };
        Ok(self.json(cursor, json))
    }

    fn json(&self, cursor: i64, json: Json) -> Load {
        let [high, low] = halves(cursor);
        let lengths = [json.count, json.text.len(), json.gaps.len()].map(|length| length as f64);
        let mut numbers = vec![high, low];
        numbers.extend(lengths);
        numbers.extend(json.gaps.into_iter().map(|place| place as f64));
        let mut bytes = json.text;
        bytes.extend_from_slice(&json.missing);
        entry(self.op, Kind::Json, &numbers, Vec::new(), bytes)
    }

    fn documents(&self, cursor: i64, documents: &[&[u8]], token: &[u8]) -> Load {
        let [high, low] = halves(cursor);
        let count = documents.len() as f64;
        let numbers = [high, low, count, token.len() as f64];
        let kind = match self.form {
            Form::Packed => Some(Kind::Packed),
            Form::Value => Some(Kind::Value),
            _ => None,
        };
        let Some(kind) = kind else {
            let bytes = [token]
                .into_iter()
                .chain(documents.iter().copied())
                .collect::<Vec<_>>()
                .concat();
            return entry(self.op, Kind::Raw, &numbers, Vec::new(), bytes);
        };
        let mut load = entry(self.op, kind, &numbers, Vec::new(), token.to_vec());
        let parcel = &mut load.parcel;
        pack(parcel, &self.environment.shapes, documents.iter().copied());
        let lengths = [parcel.values.len() - HEAD, parcel.texts.len(), parcel.blobs.len()];
        for (value, length) in parcel.values.iter_mut().skip(2).zip(lengths) {
            *value = length as f64;
        }
        load
    }
}

impl Completer for Completion {
    fn complete(mut self: Box<Self>, outcome: Result<Outcome, EngineError>) {
        let load = match outcome {
            Ok(Outcome::Batch(batch)) if batch.reply.as_bytes().len() > LONG => {
                tokio::task::block_in_place(|| self.guarded(Outcome::Batch(batch)))
            }
            Ok(outcome) => self.guarded(outcome),
            Err(error) => Err(error),
        };
        match load {
            Ok(load) => self.tell(load),
            Err(error) => self.fail(&error),
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if !self.told {
            self.fail(&EngineError {
                sent: true,
                ..EngineError::new(
                    ErrorKind::Internal,
                    "A defect of polymongo: the operation ended without an outcome, so it may or may not have happened",
                )
            });
        }
    }
}

/// A 64-bit id as two numbers that JavaScript can hold.
fn halves(id: i64) -> [f64; 2] {
    [id >> 32, id].map(|half| f64::from(half as i32))
}

/// The documents of a cursor's batch.
fn documents_of(reply: &RawDocument) -> Option<Vec<&[u8]>> {
    let cursor = reply.get_document("cursor").ok()?;
    let batch = cursor
        .get_array("nextBatch")
        .or_else(|_| cursor.get_array("firstBatch"))
        .ok()?;
    batch
        .into_iter()
        .map(|item| match item {
            Ok(RawBsonRef::Document(document)) => Some(document.as_bytes()),
            _ => None,
        })
        .collect()
}

/// Hands a client's events to JavaScript.
pub struct Events {
    environment: Arc<Environment>,
    client: i64,
}

impl Events {
    /// For the client of this number.
    pub fn new(environment: Arc<Environment>, client: i64) -> Arc<Self> {
        Arc::new(Self { environment, client })
    }
}

impl EventSink for Events {
    fn event(&self, event: RawDocumentBuf, payload: Payload) {
        let texts = vec![failure::document_as_json(&event)];
        let numbers = [self.client as f64];
        let bytes = match payload {
            Payload::None => Vec::new(),
            Payload::Document(document) => document.into_bytes(),
            Payload::Failure(error) => failure::payload(&error).into_bytes(),
        };
        self.environment
            .post(entry(0, Kind::Event, &numbers, texts, bytes));
    }

    fn room(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> {
        let outbox = self.environment.outbox();
        outbox
            .is_behind()
            .then(|| Box::pin(outbox.caught_up()) as Pin<Box<_>>)
    }
}
