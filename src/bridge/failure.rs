//! Failures on their way to JavaScript, which builds the error classes.

use bson::raw::cstr;
use bson::{RawArrayBuf, RawDocument, RawDocumentBuf, rawdoc};

use crate::engine::{depth, error::EngineError};

/// The failure as a document: `{kind, message, labels, sent, code?, codeName?, reply?, partial?, address?}`.
pub fn payload(error: &EngineError) -> RawDocumentBuf {
    let mut labels = RawArrayBuf::new();
    for label in &error.labels {
        labels.push(label.as_str());
    }
    let mut document = rawdoc! {
        "kind": error.kind.name(),
        "message": error.message.as_str(),
        "labels": labels,
        "sent": error.sent,
    };
    if let Some(code) = error.code {
        document.append(cstr!("code"), code);
    }
    if let Some(code_name) = &error.code_name {
        document.append(cstr!("codeName"), code_name.as_str());
    }
    // No server nests deeper, and a BSON library that recurses would fail on it instead of telling what happened.
    let readable = |reply: &&RawDocumentBuf| depth::is_too_deep(reply.as_bytes()) != Some(true);
    if let Some(reply) = error.reply.as_ref().filter(readable) {
        document.append(cstr!("reply"), reply.as_ref());
    }
    if let Some(partial) = &error.partial {
        document.append(cstr!("partial"), partial.as_ref());
    }
    if let Some(address) = &error.address {
        document.append(cstr!("address"), address.as_str());
    }
    document
}

/// The failure as JSON, for which JavaScript needs no BSON library.
pub fn json(error: &EngineError) -> String {
    document_as_json(&payload(error))
}

/// A document of ours as JSON. That cannot fail for what is in one.
pub fn document_as_json(document: &RawDocument) -> String {
    serde_json::to_string(&document).unwrap_or_else(|_| String::from("null"))
}
