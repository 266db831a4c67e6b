//! Failures on their way to JavaScript, which builds the error classes.

use bson::{RawArrayBuf, RawDocumentBuf, rawdoc};

use crate::engine::error::EngineError;

/// The failure as a document: `{kind, message, labels, sent, code?, codeName?, reply?, address?}`.
pub fn payload(error: &EngineError) -> RawDocumentBuf {
    use bson::raw::cstr;

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
    if let Some(reply) = &error.reply {
        document.append(cstr!("reply"), reply.as_ref());
    }
    if let Some(address) = &error.address {
        document.append(cstr!("address"), address.as_str());
    }
    document
}
