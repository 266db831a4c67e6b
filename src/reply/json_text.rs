//! Strings, numbers and dates as `JSON.stringify` writes them.

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The farthest date that JavaScript has, in milliseconds from 1970.
const MAX_DATE: u64 = 8_640_000_000_000_000;
const DAY: i64 = 86_400_000;

/// Writes a string; `None` if it is not UTF-8.
pub fn string(text: &mut Vec<u8>, content: &[u8]) -> Option<()> {
    let (plain, mut rest) = content.split_at_checked(plain_length(content))?;
    if !rest.is_ascii() {
        std::str::from_utf8(rest).ok()?;
    }
    text.push(b'"');
    text.extend_from_slice(plain);
    while let Some(at) = rest.iter().position(|byte| is_escaped(*byte)) {
        let (plain, special) = rest.split_at_checked(at)?;
        let (byte, after) = special.split_first()?;
        text.extend_from_slice(plain);
        escape(text, *byte);
        rest = after;
    }
    text.extend_from_slice(rest);
    text.push(b'"');
    Some(())
}

/// How many bytes at the beginning are written as they are; looks at many at once, which is most of the work.
fn plain_length(content: &[u8]) -> usize {
    let is_special = |byte: &u8| is_escaped(*byte) || !byte.is_ascii();
    let (blocks, rest) = content.as_chunks::<16>();
    let has_special = |block: &[u8; 16]| block.iter().fold(false, |found, byte| found | is_special(byte));
    match blocks.iter().position(has_special) {
        Some(block) => block * 16,
        None => blocks.len() * 16 + rest.iter().position(is_special).unwrap_or(rest.len()),
    }
}

fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape(text: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0C => b'f',
        b'\r' => b'r',
        0..0x20 => {
            text.extend_from_slice(b"\\u00");
            return hex(text, &[byte]);
        }
        other => other,
    };
    text.extend_from_slice(&[b'\\', letter]);
}

/// Writes bytes in hexadecimal.
pub fn hex(text: &mut Vec<u8>, bytes: &[u8]) {
    let digit = |half: u8| HEX.get(usize::from(half)).copied().unwrap_or_default();
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// Writes a whole number.
pub fn integer(text: &mut Vec<u8>, number: impl itoa::Integer) {
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes a number; JSON has none for what is not finite.
pub fn double(text: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        text.extend_from_slice(ryu_js::Buffer::new().format_finite(number).as_bytes());
    } else {
        text.extend_from_slice(b"null");
    }
}

/// Writes a date given in milliseconds from 1970, as `toISOString` has it; null beyond JavaScript's range.
pub fn date(text: &mut Vec<u8>, milliseconds: i64) {
    if milliseconds.unsigned_abs() > MAX_DATE {
        return text.extend_from_slice(b"null");
    }
    let (year, month, day) = civil(milliseconds.div_euclid(DAY));
    let time = milliseconds.rem_euclid(DAY);
    text.push(b'"');
    if (0..=9999).contains(&year) {
        padded(text, year, 1000);
    } else {
        text.push(if year < 0 { b'-' } else { b'+' });
        padded(text, year.abs(), 100_000);
    }
    for (before, number, highest) in [
        (b'-', month, 10),
        (b'-', day, 10),
        (b'T', time / 3_600_000, 10),
        (b':', time / 60_000 % 60, 10),
        (b':', time / 1000 % 60, 10),
        (b'.', time % 1000, 100),
    ] {
        text.push(before);
        padded(text, number, highest);
    }
    text.extend_from_slice(b"Z\"");
}

/// Writes a number with leading zeros; `place` is what its first digit counts.
fn padded(text: &mut Vec<u8>, number: i64, mut place: i64) {
    while place > 0 {
        text.push(b'0' + (number / place % 10) as u8);
        place /= 10;
    }
}

/// Year, month and day of a day counted from 1970, in the Gregorian calendar; its years begin in March here.
fn civil(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let from_march_0000 = days + 719_468;
    let era = from_march_0000.div_euclid(ERA);
    let of_era = from_march_0000.rem_euclid(ERA);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_javascript_does() {
        let all = "\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f} \"/\\\u{7f}é\u{2028}😀";
        let mut text = Vec::new();
        string(&mut text, all.as_bytes()).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f \\\"/\\\\\u{7f}é\u{2028}😀\""
        );
        assert!(string(&mut Vec::new(), b"\xED\xA0\x80").is_none());
    }

    #[test]
    fn numbers_are_written_as_javascript_does() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1e21, "1e+21"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e-7, "1e-7"),
            (0.000_001, "0.000001"),
            (5e-324, "5e-324"),
            (0.1, "0.1"),
            (-1.5, "-1.5"),
            (f64::NAN, "null"),
            (f64::NEG_INFINITY, "null"),
        ] {
            assert_eq!(written(|text| double(text, number)), expected);
        }
    }

    #[test]
    fn dates_are_written_as_javascript_does() {
        for (milliseconds, expected) in [
            (0, "\"1970-01-01T00:00:00.000Z\""),
            (951_782_399_999, "\"2000-02-28T23:59:59.999Z\""),
            (951_782_400_000, "\"2000-02-29T00:00:00.000Z\""),
            (-1, "\"1969-12-31T23:59:59.999Z\""),
            (-62_198_755_200_000, "\"-000001-01-01T00:00:00.000Z\""),
            (253_402_300_800_000, "\"+010000-01-01T00:00:00.000Z\""),
            (8_640_000_000_000_000, "\"+275760-09-13T00:00:00.000Z\""),
            (8_640_000_000_000_001, "null"),
            (i64::MIN, "null"),
        ] {
            assert_eq!(written(|text| date(text, milliseconds)), expected);
        }
    }
}
