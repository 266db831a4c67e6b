//! A read preference as JavaScript writes it, for the driver.

use std::{collections::HashMap, time::Duration};

use bson::RawDocumentBuf;
use mongodb::options::{HedgedReadOptions, ReadPreference, ReadPreferenceOptions, SelectionCriteria};
use serde_json::Value;

use super::error::{EngineError, ErrorKind};

/// `{mode, tags?, maxStalenessSeconds?, hedge?}`; primary is `None`, the driver's default.
pub fn parse(value: &Value) -> Result<Option<SelectionCriteria>, EngineError> {
    let mode = value
        .get("mode")
        .or(Some(value))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let with = |build: fn(Option<ReadPreferenceOptions>) -> ReadPreference| {
        Ok(Some(SelectionCriteria::ReadPreference(build(options(value)?))))
    };
    match mode {
        "primary" => Ok(None),
        "primaryPreferred" => with(|options| ReadPreference::PrimaryPreferred { options }),
        "secondary" => with(|options| ReadPreference::Secondary { options }),
        "secondaryPreferred" => with(|options| ReadPreference::SecondaryPreferred { options }),
        "nearest" => with(|options| ReadPreference::Nearest { options }),
        other => Err(invalid(&format!("the mode {other:?} is not known"))),
    }
}

/// As a router reads it, when it has tags: the driver writes them by a name that no server knows, and a router selects
/// the server.
pub fn for_routers(value: &Value) -> Option<RawDocumentBuf> {
    let tags = value.get("tags")?.as_array()?;
    (!tags.is_empty())
        .then(|| bson::serialize_to_raw_document_buf(value).ok())
        .flatten()
}

fn options(value: &Value) -> Result<Option<ReadPreferenceOptions>, EngineError> {
    let mut options = ReadPreferenceOptions::default();
    match value.get("tags") {
        None | Some(Value::Null) => {}
        Some(Value::Array(sets)) => {
            options.tag_sets = Some(sets.iter().map(tag_set).collect::<Result<_, _>>()?);
        }
        Some(_) => return Err(invalid("tags must be a list of objects")),
    }
    match value.get("maxStalenessSeconds") {
        None | Some(Value::Null) => {}
        Some(seconds) => match seconds.as_f64() {
            Some(seconds) if seconds < 0.0 => {}
            Some(seconds) if seconds <= 1.0e9 => {
                options.max_staleness = Some(Duration::from_secs_f64(seconds));
            }
            _ => return Err(invalid("maxStalenessSeconds must be a number of seconds")),
        },
    }
    if let Some(enabled) = value
        .get("hedge")
        .and_then(|hedge| hedge.get("enabled"))
        .and_then(Value::as_bool)
    {
        #[allow(deprecated)]
        {
            options.hedge = Some(HedgedReadOptions::builder().enabled(enabled).build());
        }
    }
    Ok((options != ReadPreferenceOptions::default()).then_some(options))
}

fn tag_set(value: &Value) -> Result<HashMap<String, String>, EngineError> {
    let set = value
        .as_object()
        .ok_or_else(|| invalid("tags must be a list of objects"))?;
    set.iter()
        .map(|(key, value)| match value.as_str() {
            Some(value) => Ok((key.clone(), value.to_owned())),
            None => Err(invalid("the value of a tag must be a string")),
        })
        .collect()
}

fn invalid(reason: &str) -> EngineError {
    EngineError::new(
        ErrorKind::InvalidArgument,
        format!("The read preference is invalid: {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use bson::rawdoc;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_all_of_it() {
        assert_eq!(parse(&json!({"mode": "primary"})).unwrap(), None);
        let parsed =
            parse(&json!({"mode": "nearest", "tags": [{"a": "b"}, {}], "maxStalenessSeconds": 90})).unwrap();
        let mut options = ReadPreferenceOptions::default();
        options.tag_sets = Some(vec![HashMap::from([("a".into(), "b".into())]), HashMap::new()]);
        options.max_staleness = Some(Duration::from_secs(90));
        let expected = SelectionCriteria::ReadPreference(ReadPreference::Nearest {
            options: Some(options),
        });
        assert_eq!(parsed, Some(expected));
        assert!(parse(&json!({"mode": "closest"})).is_err());
        assert_eq!(for_routers(&json!({"mode": "nearest"})), None);
        assert_eq!(
            for_routers(&json!({"mode": "nearest", "tags": [{"a": "b"}, {}]})),
            Some(rawdoc! { "mode": "nearest", "tags": [{ "a": "b" }, {}] })
        );
        assert!(parse(&json!({"mode": "secondary", "tags": {"a": 1}})).is_err());
    }
}
