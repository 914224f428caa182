//! What a string that begins with `$` means in a row, as React's `encodeReply` writes it. Everything else is refused,
//! also what React's decoder would make something of.

use crate::budget::Budget;
use crate::refusal::Refusal;

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A number, a date, `undefined`: a value that stands for itself.
    Value,
    /// `$T`: something that stays in the browser.
    Temporary,
    /// It leads to a part of the body.
    Reference(Kind, u32, Option<&'a str>),
}

/// What a reference leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `$1`, `$1:0:name`: a row, or a place in it.
    Plain,
    /// `$@1`: a promise of a row.
    Promise,
    /// `$Q1`, `$W1`, `$i1`: Map, Set or iterator over a row that is an array.
    Collection,
    /// `$h1`: a server function that a row describes.
    Function,
    /// `$K1`: the form of the entries `_1_…`.
    Form,
    /// `$B1`: a file.
    File,
    /// `$A1`, `$o1` …: bytes, of which one item has so many.
    Bytes(u8),
    /// `$R1`, `$X1`, `$x1`: the chunks `S1`.
    Stream,
    /// `$r1`: the same, each of them bytes.
    ByteStream,
}

/// Reads a string that begins with `$` and not with `$$`.
///
/// # Errors
/// [`Refusal::Token`] where it means nothing, [`Refusal::Digits`] where it is too long.
pub fn read<'a>(text: &'a str, budget: &Budget) -> Result<Token<'a>, Refusal> {
    let rest = text.strip_prefix('$').ok_or(Refusal::Token)?;
    let first = rest.chars().next().ok_or(Refusal::Token)?;
    let after = rest.get(first.len_utf8()..).unwrap_or_default();
    let kind = match first {
        'u' | 'N' | 'I' | '-' => {
            let known = matches!(rest, "undefined" | "NaN" | "Infinity" | "-Infinity" | "-0");
            return if known { Ok(Token::Value) } else { Err(Refusal::Token) };
        }
        'T' if after.is_empty() => return Ok(Token::Temporary),
        'D' => return date(after, budget),
        'n' => return integer(after, budget),
        '@' => Kind::Promise,
        'Q' | 'W' | 'i' => Kind::Collection,
        'h' => Kind::Function,
        'K' => Kind::Form,
        'B' => Kind::File,
        'A' | 'O' | 'o' | 'U' | 'V' => Kind::Bytes(1),
        'S' | 's' => Kind::Bytes(2),
        'L' | 'l' | 'G' => Kind::Bytes(4),
        'g' | 'M' | 'm' => Kind::Bytes(8),
        'R' | 'X' | 'x' => Kind::Stream,
        'r' => Kind::ByteStream,
        '0'..='9' | 'a'..='f' => return plain(rest),
        _ => return Err(Refusal::Token),
    };
    Ok(Token::Reference(kind, hex(after)?, None))
}

fn plain(rest: &str) -> Result<Token<'_>, Refusal> {
    let (id, path) = match rest.split_once(':') {
        Some((id, path)) => (id, Some(path)),
        None => (rest, None),
    };
    let forbidden = |part: &str| matches!(part, "__proto__" | "constructor" | "prototype" | "then");
    if path.is_some_and(|path| path.split(':').any(forbidden)) {
        return Err(Refusal::Path);
    }
    Ok(Token::Reference(Kind::Plain, hex(id)?, path))
}

fn date(text: &str, budget: &Budget) -> Result<Token<'static>, Refusal> {
    if text.len() > budget.date {
        return Err(Refusal::Digits);
    }
    // A date that isn't one becomes an invalid Date, as in Next (behaviour 1.47).
    let printable = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if printable { Ok(Token::Value) } else { Err(Refusal::Token) }
}

fn integer(text: &str, budget: &Budget) -> Result<Token<'static>, Refusal> {
    if text.len() > budget.digits {
        return Err(Refusal::Digits);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(Token::Value)
    } else {
        Err(Refusal::Token)
    }
}

/// Lower-case hexadecimal as `toString(16)` writes it.
fn hex(text: &str) -> Result<u32, Refusal> {
    let canonical = (text == "0" || !text.starts_with('0'))
        && (1..=8).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if canonical {
        u32::from_str_radix(text, 16).map_err(|_| Refusal::Token)
    } else {
        Err(Refusal::Token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_react_writes_is_read_and_nothing_else() {
        let budget = Budget::default();
        let reference = |kind, id, path| Ok(Token::Reference(kind, id, path));
        let digits = "9".repeat(299);
        let (longest, longer) = (format!("$n-{digits}"), format!("$n-{digits}9"));
        for (text, expected) in [
            ("$undefined", Ok(Token::Value)),
            ("$-0", Ok(Token::Value)),
            ("$-Infinity", Ok(Token::Value)),
            ("$D2026-01-01T00:00:00.000Z", Ok(Token::Value)),
            ("$Dgarbage", Ok(Token::Value)),
            ("$n-12", Ok(Token::Value)),
            (longest.as_str(), Ok(Token::Value)),
            (longer.as_str(), Err(Refusal::Digits)),
            ("$T", Ok(Token::Temporary)),
            ("$0", reference(Kind::Plain, 0, None)),
            ("$ff:0:a b:", reference(Kind::Plain, 255, Some("0:a b:"))),
            ("$@1f", reference(Kind::Promise, 31, None)),
            ("$Q1", reference(Kind::Collection, 1, None)),
            ("$h2", reference(Kind::Function, 2, None)),
            ("$m3", reference(Kind::Bytes(8), 3, None)),
            ("$x4", reference(Kind::Stream, 4, None)),
            ("$0:__proto__", Err(Refusal::Path)),
            ("$1:a:constructor:b", Err(Refusal::Path)),
            ("$1:then", Err(Refusal::Path)),
        ] {
            assert_eq!(read(text, &budget), expected, "{text}");
        }
        for text in [
            "$",
            "$F1",
            "$F99",
            "$E",
            "$C1",
            "$p1",
            "$P",
            "$Y",
            "$Z",
            "$ ",
            "$é",
            "$01",
            "$@",
            "$@01",
            "$@1:0",
            "$Q1:0",
            "$h1:id",
            "$Q-1",
            "$@1A",
            "$1A",
            "$@111111111",
            "$T1",
            "$NaNs",
            "$N",
            "$u",
            "$I",
            "$n",
            "$n-",
            "$n1e9",
            "$n0x1",
            "$n 1",
            "$D\n",
            "$K1:x",
            "$B",
            "$@$@1",
        ] {
            assert_eq!(read(text, &budget), Err(Refusal::Token), "{text}");
        }
    }
}
