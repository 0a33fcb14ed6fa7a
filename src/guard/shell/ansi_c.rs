//! Backslash escapes of `$'…'`, which `printf` and `echo -e` share (bash 5.2, section "ANSI-C Quoting").

/// The text with its escapes replaced. Unknown escapes keep their backslash; a zero byte ends the text, as in bash.
pub fn decode(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&kind, tail)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = match kind {
            b'x' => number(tail, 16, 2, &mut out, kind),
            b'u' => number(tail, 16, 4, &mut out, kind),
            b'U' => number(tail, 16, 8, &mut out, kind),
            b'0'..=b'7' => number(rest, 8, if kind == b'0' { 4 } else { 3 }, &mut out, b'x'),
            b'c' => control(tail, &mut out),
            _ => {
                simple(kind, &mut out);
                tail
            }
        };
    }
    if let Some(end) = out.iter().position(|byte| *byte == 0) {
        out.truncate(end);
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn simple(kind: u8, out: &mut Vec<u8>) {
    let byte = match kind {
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 27,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' | b'\'' | b'"' | b'?' => kind,
        _ => {
            out.push(b'\\');
            kind
        }
    };
    out.push(byte);
}

fn control<'t>(tail: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    match tail.split_first() {
        Some((&byte, tail)) => {
            out.push(byte.to_ascii_uppercase() & 0x1f);
            tail
        }
        None => tail,
    }
}

fn number<'t>(tail: &'t [u8], radix: u32, most: usize, out: &mut Vec<u8>, kind: u8) -> &'t [u8] {
    let digits = tail.iter().take(most).take_while(|byte| char::from(**byte).is_digit(radix)).count();
    let (digits, rest) = tail.split_at(digits);
    let text = std::str::from_utf8(digits).unwrap_or_default();
    match u32::from_str_radix(text, radix) {
        Err(_) => out.extend([b'\\', kind]),
        Ok(value) if kind == b'x' => out.push(u8::try_from(value & 0xff).unwrap_or_default()),
        Ok(value) => {
            let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend(character.encode_utf8(&mut [0; 4]).bytes());
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_become_the_bytes_they_stand_for() {
        for (given, expected) in [
            (r"\x72\155", "rm"),
            (r"a\tb", "a\tb"),
            (r"\u00e9", "é"),
            (r"\q", r"\q"),
            (r"x\0y", "x"),
            ("\\", "\\"),
        ] {
            assert_eq!(decode(given), expected, "{given}");
        }
    }
}
