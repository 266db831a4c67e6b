//! Which names a database may have. `lib/protocol/database-name.js` has the same rules and tests hold the two together.

/// The most bytes of UTF-8 that the server takes.
const MAX_BYTES: usize = 63;

/// What the server refuses in every name, on every platform.
const REFUSED_BY_SERVER: &str = "/\\.\"$ \0";

/// Also what servers on Windows refuse.
const REFUSED_ON_WINDOWS: &str = "*<>:|?";

/// What a tenant id that was missing looks like when the name was put together.
const MISSING: [&str; 3] = ["undefined", "null", "NaN"];

/// The databases that every server has for itself.
const SYSTEM: [&str; 3] = ["admin", "config", "local"];

/// Which rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether the name has to suit every server and every reader, and not only the server at hand.
    pub portable: bool,
    /// Whether the server's own databases may be used.
    pub allow_system: bool,
}

/// The rule that a name breaks, the first of them in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// There is no character.
    Empty,
    /// Half of a surrogate pair, which UTF-8 cannot express: another name would be used.
    Surrogate,
    /// Too many bytes.
    Length,
    /// A character that is not allowed.
    Character,
    /// The sign of a missing tenant id.
    MissingId,
    /// A database of the server itself.
    System,
    /// The name of a database of the server itself but for its case.
    Case,
}

impl Broken {
    /// The rule's name in JavaScript.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Surrogate => "surrogate",
            Self::Length => "length",
            Self::Character => "character",
            Self::MissingId => "missingId",
            Self::System => "system",
            Self::Case => "case",
        }
    }
}

/// Checks a name that is given in JavaScript's units.
pub fn check(units: &[u16], rules: Rules) -> Result<(), Broken> {
    if units.is_empty() {
        return Err(Broken::Empty);
    }
    let name = String::from_utf16(units).map_err(|_| Broken::Surrogate)?;
    if name.len() > MAX_BYTES {
        return Err(Broken::Length);
    }
    if name
        .chars()
        .any(|character| is_refused(character, rules.portable))
    {
        return Err(Broken::Character);
    }
    if rules.portable && MISSING.iter().any(|id| is_id(&name, id)) {
        return Err(Broken::MissingId);
    }
    if SYSTEM.contains(&name.as_str()) {
        return if rules.allow_system {
            Ok(())
        } else {
            Err(Broken::System)
        };
    }
    if rules.portable && SYSTEM.iter().any(|system| name.eq_ignore_ascii_case(system)) {
        return Err(Broken::Case);
    }
    Ok(())
}

fn is_refused(character: char, portable: bool) -> bool {
    REFUSED_BY_SERVER.contains(character)
        || (portable && (REFUSED_ON_WINDOWS.contains(character) || is_invisible(character)))
}

/// Control characters and those that turn the direction of writing; joiners stay, Persian and Hindi need them.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// Whether `id` is all of the name, or its end behind `_` or `-`.
fn is_id(name: &str, id: &str) -> bool {
    name.strip_suffix(id)
        .is_some_and(|before| before.is_empty() || before.ends_with(['_', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTABLE: Rules = Rules {
        portable: true,
        allow_system: false,
    };
    const SERVER: Rules = Rules {
        portable: false,
        allow_system: false,
    };

    fn broken(name: &str, rules: Rules) -> Option<&'static str> {
        let units: Vec<u16> = name.encode_utf16().collect();
        check(&units, rules).err().map(Broken::name)
    }

    #[test]
    fn ordinary_names() {
        for name in [
            "t",
            "tenant_k",
            "__proto__",
            "constructor",
            "a-b",
            "Ünïcode",
            "\u{1F600}",
            "nullable",
            "x_nulls",
            "a@b",
        ] {
            assert_eq!(broken(name, PORTABLE), None, "{name}");
            assert_eq!(broken(name, SERVER), None, "{name}");
        }
        assert_eq!(broken("کتاب\u{200C}ها", PORTABLE), None);
        assert_eq!(broken(&"x".repeat(63), PORTABLE), None);
    }

    #[test]
    fn what_the_server_refuses_is_refused_always() {
        for rules in [PORTABLE, SERVER] {
            assert_eq!(broken("", rules), Some("empty"));
            assert_eq!(check(&[0x6B, 0xD800], rules), Err(Broken::Surrogate));
            assert_eq!(check(&[0xDC00, 0xD800], rules), Err(Broken::Surrogate));
            assert_eq!(broken(&"x".repeat(64), rules), Some("length"));
            assert_eq!(broken(&"é".repeat(32), rules), Some("length"));
            for character in "/\\.\"$ \0".chars() {
                assert_eq!(
                    broken(&format!("a{character}b"), rules),
                    Some("character"),
                    "{character:?}"
                );
            }
            assert_eq!(broken("admin", rules), Some("system"));
            assert_eq!(
                broken(
                    "admin",
                    Rules {
                        allow_system: true,
                        ..rules
                    }
                ),
                None
            );
        }
    }

    #[test]
    fn what_only_portable_names_must_not_be() {
        let hidden = "\u{1}\u{1F}\u{7F}\u{9F}\u{61C}\u{200E}\u{200F}\u{202A}\u{202E}\u{2066}\u{2069}";
        for character in "*<>:|?".chars().chain(hidden.chars()) {
            let name = format!("a{character}");
            assert_eq!(broken(&name, PORTABLE), Some("character"), "{character:?}");
            assert_eq!(broken(&name, SERVER), None, "{character:?}");
        }
        for name in [
            "undefined",
            "null",
            "NaN",
            "tenant_undefined",
            "tenant-null",
            "_NaN",
        ] {
            assert_eq!(broken(name, PORTABLE), Some("missingId"), "{name}");
            assert_eq!(broken(name, SERVER), None, "{name}");
        }
        for name in ["Admin", "CONFIG", "locaL"] {
            assert_eq!(broken(name, PORTABLE), Some("case"), "{name}");
            assert_eq!(broken(name, SERVER), None, "{name}");
        }
    }
}
