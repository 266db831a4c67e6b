//! What is fuzzed. A target must not panic, whatever it is given, and some of them promise more.

use bson::{Document, RawDocumentBuf, Timestamp};
use mongodb::options::TransactionOptions;
use polymongo::{
    bridge::{arguments, brief},
    engine::{body, depth, read_preference, transaction_options},
    names::{self, Rules},
    pool::{
        config::{Config, PoolConfig},
        settings::Settings,
    },
    reply::{Json, Layout, Parcel, Shapes, Style, pack},
    watch::options::Request,
};

/// One of them.
#[derive(Clone, Copy)]
pub struct Target {
    /// It reads BSON; the others read texts.
    pub takes_documents: bool,
    pub run: fn(&[u8]),
}

const fn document(run: fn(&[u8])) -> Target {
    Target {
        takes_documents: true,
        run,
    }
}

const fn text(run: fn(&[u8])) -> Target {
    Target {
        takes_documents: false,
        run,
    }
}

pub const TARGETS: [Target; 9] = [
    document(nesting),
    document(commands),
    document(replies),
    document(streams),
    document(unpacking),
    document(json),
    text(database_names),
    text(connection_strings),
    text(settings),
];

fn levels(document: &Document) -> usize {
    let below = |value: &bson::Bson| match value {
        bson::Bson::Document(document) => 1 + levels(document),
        bson::Bson::Array(items) => {
            let items = items.iter().enumerate();
            1 + levels(
                &items
                    .map(|(index, item)| (index.to_string(), item.clone()))
                    .collect(),
            )
        }
        bson::Bson::JavaScriptCodeWithScope(code) => 1 + levels(&code.scope),
        _ => 0,
    };
    document.values().map(below).max().unwrap_or(0)
}

/// A command as the engine lets it in.
fn admitted(input: &[u8]) -> Option<RawDocumentBuf> {
    let command = arguments::document(input).ok()?;
    depth::check(command.as_bytes()).ok().map(|()| command)
}

/// Whoever decodes what was let in must not recurse deeper than was allowed.
fn nesting(input: &[u8]) {
    if let Some(decoded) = admitted(input).and_then(|command| Document::try_from(&command).ok()) {
        assert!(levels(&decoded) <= depth::DEEPEST);
    }
}

/// What the engine reads of a command, and the commands that it makes of it.
fn commands(input: &[u8]) {
    let Some(mut command) = admitted(input) else {
        return;
    };
    let _ = body::name(&command);
    let _ = body::is_unacknowledged(&command);
    let _ = body::CursorOptions::read(&command);
    let before = Document::try_from(&command);
    let after = body::after(
        command.clone(),
        Timestamp {
            time: 1,
            increment: 2,
        },
    );
    if let (Ok(before), Ok(after)) = (&before, after) {
        let after = Document::try_from(&after).unwrap();
        // As bytes: what is not a number is not even equal to itself.
        let others = |document: &Document| {
            let mut document = document.clone();
            document.remove("readConcern");
            document.to_vec().unwrap()
        };
        assert_eq!(others(before), others(&after));
        if before.to_vec().unwrap() != after.to_vec().unwrap() {
            let concern = after.get_document("readConcern").unwrap();
            assert!(concern.contains_key("afterClusterTime"));
        }
    }
    if let Ok(without) = body::without_read_concern(command.clone()) {
        assert!(!Document::try_from(&without).is_ok_and(|rest| rest.contains_key("readConcern")));
    }
    body::number(&mut command, 1 << 40);
    if before.is_ok() {
        assert!(Document::try_from(&command).unwrap().contains_key("txnNumber"));
    }
}

/// What the engine reads of a reply.
fn replies(input: &[u8]) {
    let Ok(reply) = RawDocumentBuf::from_bytes(input.to_vec()) else {
        return;
    };
    let _ = brief::counts(&reply);
    let _ = brief::value(&reply);
    let _ = body::cursor_id(&reply);
    let _ = body::reply_has_label(&reply, "RetryableWriteError");
}

fn streams(input: &[u8]) {
    if let Some(options) = admitted(input) {
        let _ = Request::parse(&options);
    }
}

/// Every document is accounted for, and a sound neighbour is.
fn unpacking(input: &[u8]) {
    let sound = bson::doc! { "a": 1, "b": ["text", { "c": true }] }
        .to_vec()
        .unwrap();
    let mut parcel = Parcel::default();
    let count = pack(&mut parcel, &Shapes::new(8), [input, &sound, input]);
    assert_eq!(count, 3);
    assert!(parcel.values.len() >= 3);
}

/// The text is JSON, whatever is missing from it.
fn json(input: &[u8]) {
    let sound = bson::doc! { "a": 1 }.to_vec().unwrap();
    let mut json = Json::default();
    let layout = Layout {
        style: Style::Lines,
        high_first: false,
    };
    json.extend(&[input, &sound], layout);
    assert_eq!(json.count, 2);
    for line in json
        .text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let read: Result<serde_json::Value, _> = serde_json::from_slice(line);
        // Numbers beyond a double and lone surrogates are JSON that this reader refuses.
        assert!(read.is_ok() || std::str::from_utf8(line).is_ok());
    }
}

/// What passes is a name that the server takes: short, not empty, of allowed characters.
fn database_names(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let spelled: Vec<u16> = text.encode_utf16().collect();
    let pairs = input
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    for units in [spelled, pairs.collect()] {
        for (portable, allow_system) in [(true, false), (false, false), (true, true), (false, true)] {
            let verdict = names::check(
                &units,
                Rules {
                    portable,
                    allow_system,
                },
            );
            if verdict.is_ok() {
                let name = String::from_utf16(&units).unwrap();
                assert!(!name.is_empty() && name.len() <= 63);
                assert!(!name.contains(['/', '\\', '.', '"', '$', ' ', '\0']));
                assert!(allow_system || !["admin", "config", "local"].contains(&name.as_str()));
                let lenient = Rules {
                    portable: false,
                    allow_system,
                };
                assert!(names::check(&units, lenient).is_ok());
            }
        }
    }
}

/// An error never quotes the secret.
fn connection_strings(input: &[u8]) {
    const SECRET: &str = "sEcReTsEcReT";
    let text = String::from_utf8_lossy(input);
    for uri in [
        text.to_string(),
        format!("mongodb://{text}"),
        format!("mongodb://user:{SECRET}@{text}"),
        format!("mongodb://user:{SECRET}@localhost/?{text}"),
        format!("mongodb+srv://user:{SECRET}@{text}"),
    ] {
        let config = Config::parse("{}").unwrap();
        if let Err(error) = Settings::shared(&uri, &config) {
            assert!(!error.message.contains(SECRET), "{}", error.message);
        }
    }
}

fn settings(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let config = Config::parse(&text);
    let _ = PoolConfig::parse(&text);
    let _ = arguments::meta(Some(&text));
    let _ = transaction_options::SessionOptions::parse(&text);
    let _ = transaction_options::parse(&text, &TransactionOptions::default());
    if let Ok(value) = serde_json::from_str(&text) {
        let _ = read_preference::parse(&value);
    }
    if let Ok(config) = config {
        let _ = Settings::shared("mongodb://localhost/", &config);
    }
}
