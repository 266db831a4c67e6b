//! Documents as they might come, and as they must not.

use bson::{Binary, Bson, DateTime, Document, Timestamp, oid::ObjectId, spec::BinarySubtype};
use proptest::{collection::vec, prelude::*, sample::Index};

/// Names that somebody looks for.
const KEYS: [&str; 24] = [
    "",
    "a",
    "$db",
    "__proto__",
    "0",
    "writeConcern",
    "w",
    "readConcern",
    "level",
    "cursor",
    "id",
    "firstBatch",
    "nextBatch",
    "batchSize",
    "comment",
    "tailable",
    "awaitData",
    "errorLabels",
    "writeConcernError",
    "pipeline",
    "options",
    "fullDocument",
    "resumeAfter",
    "readPreference",
];

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&KEYS[..]).prop_map(String::from),
        1 => "\\PC{0,6}",
    ]
}

fn value() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(Bson::Double),
        "\\PC{0,12}".prop_map(Bson::String),
        any::<bool>().prop_map(Bson::Boolean),
        Just(Bson::Null),
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<i64>().prop_map(|ms| Bson::DateTime(DateTime::from_millis(ms))),
        any::<[u8; 12]>().prop_map(|id| Bson::ObjectId(ObjectId::from_bytes(id))),
        vec(any::<u8>(), 0..20).prop_map(|bytes| {
            Bson::Binary(Binary {
                subtype: BinarySubtype::Generic,
                bytes,
            })
        }),
        any::<(u32, u32)>().prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        Just(Bson::MinKey),
        Just(Bson::Undefined),
        Just(Bson::JavaScriptCode("c".into())),
        (1_usize..260).prop_map(nested),
    ];
    leaf.prop_recursive(4, 30, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Bson::Array),
            vec((key(), inner), 0..6).prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

/// So many levels.
fn nested(levels: usize) -> Bson {
    (0..levels).fold(Bson::Null, |inner, level| {
        if level % 2 == 0 {
            Bson::Array(vec![inner])
        } else {
            Bson::Document([("a".to_owned(), inner)].into_iter().collect())
        }
    })
}

/// What happens to a document on its way.
#[derive(Debug, Clone)]
enum Damage {
    Byte(Index, u8),
    Length(Index, i32),
    Cut(Index),
    Insert(Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let lengths = prop_oneof![
        any::<i32>(),
        Just(0),
        Just(-1),
        Just(i32::MAX),
        Just(i32::MIN),
        0..64_i32
    ];
    prop_oneof![
        4 => any::<(Index, u8)>().prop_map(|(at, byte)| Damage::Byte(at, byte)),
        4 => (any::<Index>(), lengths).prop_map(|(at, length)| Damage::Length(at, length)),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => any::<(Index, u8)>().prop_map(|(at, byte)| Damage::Insert(at, byte)),
    ]
}

/// Documents, three in four of them damaged; the length at the beginning is mostly right, or nobody would look further.
pub fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(&["find", "aggregate", "insert", "getMore", "other"][..]);
    let command = (name, value()).prop_map(|(name, value)| (name.to_owned(), value));
    let fields = (prop::option::of(command), vec((key(), value()), 0..6))
        .prop_map(|(command, fields)| command.into_iter().chain(fields));
    (fields, vec(damage(), 0..4), prop::bool::weighted(0.8)).prop_map(|(fields, damage, right_length)| {
        let document: Document = fields.collect();
        let mut bytes = document.to_vec().unwrap();
        for one in damage {
            let end = bytes.len();
            match one {
                Damage::Byte(at, byte) => bytes[at.index(end)] = byte,
                Damage::Length(at, length) => {
                    let at = at.index(end);
                    for (place, byte) in bytes[at..].iter_mut().zip(length.to_le_bytes()) {
                        *place = byte;
                    }
                }
                Damage::Cut(at) => bytes.truncate(at.index(end).max(1)),
                Damage::Insert(at, byte) => bytes.insert(at.index(end), byte),
            }
        }
        if right_length && bytes.len() >= 5 {
            let length = i32::try_from(bytes.len()).unwrap();
            bytes[..4].copy_from_slice(&length.to_le_bytes());
            let last = bytes.len() - 1;
            bytes[last] = 0;
        }
        bytes
    })
}

/// Words of connection strings, settings and names, put together in any way.
pub fn texts() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 40] = [
        "mongodb://",
        "mongodb+srv://",
        "localhost",
        "[::1]",
        ":27017",
        ":99999",
        "user:pass@",
        "%",
        "%2",
        "%40",
        "/",
        "?",
        "&",
        "=",
        ",",
        "replicaSet",
        "readPreference",
        "readPreferenceTags",
        "dc:a",
        "w",
        "majority",
        "timeoutMS",
        "-1",
        "1e400",
        "99999999999999999999",
        "tls",
        "true",
        "compressors",
        "zlib",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        "\"mode\"",
        "\"nearest\"",
        "\"tags\"",
        "null",
        "admin",
    ];
    let word = prop_oneof![
        8 => prop::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec()),
        1 => "\\PC{0,4}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(word, 0..16).prop_map(|words| words.concat())
}
