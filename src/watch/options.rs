//! The pipeline and the options of a change stream, as BSON `{pipeline, options}` from JavaScript.

use std::time::Duration;

use bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::ChangeStreamOptions;

use crate::engine::error::{EngineError, ErrorKind};

/// Options that the driver reads by these very names.
const KNOWN: [&str; 8] = [
    "fullDocument",
    "fullDocumentBeforeChange",
    "resumeAfter",
    "startAfter",
    "startAtOperationTime",
    "batchSize",
    "collation",
    "showExpandedEvents",
];

/// A parsed request for a change stream.
#[derive(Debug)]
pub struct Request {
    /// The stages after `$changeStream`.
    pub pipeline: Vec<Document>,
    /// Everything else.
    pub options: ChangeStreamOptions,
}

impl Request {
    /// Parses it; an option that is not known is an error.
    pub fn parse(raw: &RawDocumentBuf) -> Result<Self, EngineError> {
        let mut document = Document::try_from(raw).map_err(|error| invalid(&error.to_string()))?;
        let mut pipeline = match document.remove("pipeline") {
            None | Some(Bson::Null) => Vec::new(),
            Some(Bson::Array(stages)) => stages
                .into_iter()
                .map(|stage| match stage {
                    Bson::Document(stage) => Ok(stage),
                    _ => Err(invalid("a stage of the pipeline must be an object")),
                })
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(invalid("the pipeline must be a list of stages")),
        };
        let mut given = match document.remove("options") {
            Some(Bson::Document(options)) => options,
            _ => Document::new(),
        };
        if let Some(comment) = given.remove("comment").filter(|comment| *comment != Bson::Null) {
            // The driver writes it into `$changeStream`, where no server accepts it; here logs and profiles show it too.
            pipeline.insert(0, doc! { "$match": { "$comment": comment } });
        }
        Ok(Self {
            pipeline,
            options: read(given)?,
        })
    }
}

fn read(given: Document) -> Result<ChangeStreamOptions, EngineError> {
    let mut known = Document::new();
    let mut max_await_time = None;
    let mut read_preference = None;
    for (key, value) in given {
        match (key.as_str(), value) {
            (_, Bson::Null | Bson::Undefined) => {}
            // The server's default, which the driver's enumeration does not name.
            ("fullDocument", Bson::String(value)) if value == "default" => {}
            ("fullDocument" | "fullDocumentBeforeChange", Bson::String(value)) => {
                known.insert(key, mode(value));
            }
            ("maxAwaitTimeMS", value) => {
                let milliseconds =
                    number(&value).ok_or_else(|| invalid("maxAwaitTimeMS must be a number"))?;
                max_await_time = Some(Duration::from_millis(milliseconds));
            }
            ("batchSize", value) => {
                let size = number(&value).and_then(|size| u32::try_from(size).ok());
                known.insert(
                    key,
                    i64::from(size.ok_or_else(|| invalid("batchSize must be a number"))?),
                );
            }
            ("readConcern", Bson::Document(concern)) => {
                if concern.contains_key("level") {
                    known.insert(key, concern);
                }
            }
            ("readPreference", value) => read_preference = Some(value),
            (name, value) if KNOWN.contains(&name) => {
                known.insert(key, value);
            }
            (name, _) => return Err(invalid(&format!("the option {name} is not known"))),
        }
    }
    let mut options: ChangeStreamOptions =
        bson::deserialize_from_document(known).map_err(|error| invalid(&error.to_string()))?;
    options.max_await_time = max_await_time;
    if let Some(preference) = read_preference {
        let preference = preference.into_relaxed_extjson();
        options.selection_criteria = crate::engine::read_preference::parse(&preference)?;
    }
    Ok(options)
}

/// The known ones are unit variants of the driver's enumerations, anything else is passed on as it is.
fn mode(value: String) -> Bson {
    match value.as_str() {
        "updateLookup" | "whenAvailable" | "required" | "off" => Bson::String(value),
        _ => Bson::Document(doc! { "other": value }),
    }
}

fn number(value: &Bson) -> Option<u64> {
    match *value {
        Bson::Int32(number) => u64::try_from(number).ok(),
        Bson::Int64(number) => u64::try_from(number).ok(),
        Bson::Double(number) if (0.0..=1.0e12).contains(&number) => Some(number.round() as u64),
        _ => None,
    }
}

fn invalid(reason: &str) -> EngineError {
    EngineError::new(
        ErrorKind::InvalidArgument,
        format!("The change stream cannot be opened: {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use bson::rawdoc;
    use mongodb::options::FullDocumentType;

    use super::*;

    #[test]
    fn reads_what_the_driver_knows() {
        let request = Request::parse(&rawdoc! {
            "pipeline": [{ "$match": { "operationType": "insert" } }],
            "options": { "fullDocument": "updateLookup", "maxAwaitTimeMS": 250, "batchSize": 5.0,
                "resumeAfter": { "_data": "82" }, "readPreference": { "mode": "primary" }, "comment": "c" },
        })
        .unwrap();
        let comment = doc! { "$match": { "$comment": "c" } };
        let own = doc! { "$match": { "operationType": "insert" } };
        assert_eq!(request.pipeline, [comment, own]);
        assert!(matches!(
            request.options.full_document,
            Some(FullDocumentType::UpdateLookup)
        ));
        assert_eq!(request.options.max_await_time, Some(Duration::from_millis(250)));
        assert_eq!(request.options.batch_size, Some(5));
        assert!(request.options.resume_after.is_some());
        assert!(request.options.comment.is_none());
    }

    #[test]
    fn names_what_it_does_not_know() {
        let wrong = rawdoc! { "options": { "colour": "red" } };
        assert!(Request::parse(&wrong).unwrap_err().message.contains("colour"));
        let default = rawdoc! { "options": { "fullDocument": "default" } };
        assert!(Request::parse(&default).unwrap().options.full_document.is_none());
        let other = rawdoc! { "options": { "fullDocument": "tomorrow" } };
        let other = Request::parse(&other).unwrap().options.full_document;
        assert!(matches!(other, Some(FullDocumentType::Other(name)) if name == "tomorrow"));
    }
}
