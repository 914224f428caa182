//! A strict JSON scanner (RFC 8259) that is fed in pieces of any size and builds nothing: it tells its listener what begins and
//! ends. Strings are passed over without a copy, unless the listener wants them or they begin with `$`, by which React marks
//! what is no text.

use crate::refusal::Refusal;

/// What is told while a text is read.
pub trait Listener {
    /// An array (`false`) or an object (`true`) begins.
    ///
    /// # Errors
    /// Stops the scan.
    fn open(&mut self, is_object: bool) -> Result<(), Refusal>;
    /// The innermost container ends.
    ///
    /// # Errors
    /// Stops the scan.
    fn close(&mut self) -> Result<(), Refusal>;
    /// A key, if it isn't longer than [`Listener::key_limit`].
    ///
    /// # Errors
    /// Stops the scan.
    fn key(&mut self, key: Option<&str>) -> Result<(), Refusal>;
    /// A string: its text if it begins with `$` and not with `$$`, or if [`Listener::wants_text`].
    ///
    /// # Errors
    /// Stops the scan.
    fn string(&mut self, text: Option<&str>) -> Result<(), Refusal>;
    /// A number, `true`, `false` (`false`) or `null` (`true`).
    ///
    /// # Errors
    /// Stops the scan.
    fn scalar(&mut self, is_null: bool) -> Result<(), Refusal>;
    /// Bytes of the longest key that is wanted.
    fn key_limit(&self) -> usize;
    /// Whether the next string is wanted whatever it is.
    fn wants_text(&self) -> bool;
}

/// Bounds of the scan itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Containers within one another.
    pub depth: usize,
    /// Bytes of one string as written.
    pub string: usize,
    /// Bytes of a string that is told.
    pub text: usize,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Scanner {
    bounds: Bounds,
    place: Place,
    /// Whether each open container is an object.
    open: Vec<bool>,
    text: Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Value,
    ItemOrEnd,
    KeyOrEnd,
    Key,
    Colon,
    After,
    Text,
    Number(Number),
    Word(&'static [u8]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

/// The string that is being read.
#[derive(Debug, Default)]
struct Text {
    is_key: bool,
    keep: Keep,
    kept: String,
    limit: usize,
    bytes: usize,
    escape: Escape,
    /// A high surrogate that waits for its low one.
    high: Option<u16>,
    wide: Wide,
}

/// Whether the string's text is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Keep {
    /// Nothing was read yet.
    #[default]
    Undecided,
    /// It began with `$`.
    Dollar,
    Yes,
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Escape {
    #[default]
    None,
    Backslash,
    /// So many digits were read, and their value.
    Unicode(u8, u16),
}

/// A character of more than one byte that isn't whole yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Wide {
    left: u8,
    low: u8,
    high: u8,
    bits: u32,
}

impl Scanner {
    /// Before the first byte.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            place: Place::Value,
            open: Vec::new(),
            text: Text::default(),
        }
    }

    /// Ready for the next text; what was allocated stays.
    pub fn restart(&mut self) {
        self.place = Place::Value;
        self.open.clear();
        self.text.kept.clear();
    }

    /// Reads on.
    ///
    /// # Errors
    /// Where it isn't JSON, or the listener doesn't want more.
    pub fn feed(&mut self, mut bytes: &[u8], listener: &mut impl Listener) -> Result<(), Refusal> {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.place == Place::Text {
                bytes = self.read_text(bytes, listener)?;
                continue;
            }
            if let Place::Number(number) = self.place {
                match number.next(byte) {
                    Some(next) => {
                        self.place = Place::Number(next);
                        bytes = rest;
                    }
                    None => self.end_number(number, listener)?,
                }
                continue;
            }
            self.read_structure(byte, listener)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Nothing follows.
    ///
    /// # Errors
    /// Where the text isn't whole.
    pub fn finish(&mut self, listener: &mut impl Listener) -> Result<(), Refusal> {
        if let Place::Number(number) = self.place {
            self.end_number(number, listener)?;
        }
        if self.place == Place::After && self.open.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Json)
        }
    }

    fn end_number(&mut self, number: Number, listener: &mut impl Listener) -> Result<(), Refusal> {
        if !number.may_end() {
            return Err(Refusal::Json);
        }
        self.place = Place::After;
        listener.scalar(false)
    }

    fn read_structure(&mut self, byte: u8, listener: &mut impl Listener) -> Result<(), Refusal> {
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') && !matches!(self.place, Place::Word(_)) {
            return Ok(());
        }
        match (self.place, byte) {
            (Place::ItemOrEnd, b']') | (Place::KeyOrEnd, b'}') => self.end(listener),
            (Place::Value | Place::ItemOrEnd, _) => self.begin(byte, listener),
            (Place::KeyOrEnd | Place::Key, b'"') => {
                let limit = listener.key_limit();
                self.begin_text(true, if limit == 0 { Keep::No } else { Keep::Yes }, limit);
                Ok(())
            }
            (Place::Colon, b':') => {
                self.place = Place::Value;
                Ok(())
            }
            (Place::After, _) => self.after(byte, listener),
            (Place::Word([expected, rest @ ..]), _) if *expected == byte => {
                self.place = Place::Word(rest);
                if rest.is_empty() {
                    self.place = Place::After;
                    // Of the three words only `null` ends with this letter.
                    listener.scalar(byte == b'l')?;
                }
                Ok(())
            }
            _ => Err(Refusal::Json),
        }
    }

    fn begin(&mut self, byte: u8, listener: &mut impl Listener) -> Result<(), Refusal> {
        match byte {
            b'{' | b'[' => {
                if self.open.len() >= self.bounds.depth {
                    return Err(Refusal::Depth);
                }
                let is_object = byte == b'{';
                self.open.push(is_object);
                self.place = if is_object { Place::KeyOrEnd } else { Place::ItemOrEnd };
                return listener.open(is_object);
            }
            b'"' => {
                let keep = if listener.wants_text() { Keep::Yes } else { Keep::Undecided };
                self.begin_text(false, keep, self.bounds.text);
            }
            b'-' => self.place = Place::Number(Number::Minus),
            b'0' => self.place = Place::Number(Number::Zero),
            b'1'..=b'9' => self.place = Place::Number(Number::Whole),
            b't' => self.place = Place::Word(b"rue"),
            b'f' => self.place = Place::Word(b"alse"),
            b'n' => self.place = Place::Word(b"ull"),
            _ => return Err(Refusal::Json),
        }
        Ok(())
    }

    fn after(&mut self, byte: u8, listener: &mut impl Listener) -> Result<(), Refusal> {
        match (byte, self.open.last()) {
            (b',', Some(true)) => self.place = Place::Key,
            (b',', Some(false)) => self.place = Place::Value,
            (b'}', Some(true)) | (b']', Some(false)) => return self.end(listener),
            _ => return Err(Refusal::Json),
        }
        Ok(())
    }

    fn end(&mut self, listener: &mut impl Listener) -> Result<(), Refusal> {
        self.open.pop();
        self.place = Place::After;
        listener.close()
    }

    fn begin_text(&mut self, is_key: bool, keep: Keep, limit: usize) {
        self.place = Place::Text;
        self.text.kept.clear();
        (self.text.is_key, self.text.keep, self.text.limit, self.text.bytes) = (is_key, keep, limit, 0);
    }

    /// Reads on in a string; gives what follows.
    fn read_text<'a>(&mut self, bytes: &'a [u8], listener: &mut impl Listener) -> Result<&'a [u8], Refusal> {
        let text = &mut self.text;
        if text.is_plain() {
            let plain = bytes.iter().take_while(|byte| is_plain(**byte)).count();
            let (run, rest) = bytes.split_at(plain);
            text.take(run, self.bounds.string)?;
            let Some((&byte, rest)) = rest.split_first() else {
                return Ok(rest);
            };
            if byte == b'"' {
                if text.high.take().is_some() {
                    text.push('\u{fffd}')?;
                }
                self.end_text(listener)?;
                return Ok(rest);
            }
            text.special(byte)?;
            return Ok(rest);
        }
        let Some((&byte, rest)) = bytes.split_first() else {
            return Ok(bytes);
        };
        text.inside(byte)?;
        Ok(rest)
    }

    fn end_text(&mut self, listener: &mut impl Listener) -> Result<(), Refusal> {
        let text = &self.text;
        let kept = match text.keep {
            Keep::Yes | Keep::Dollar => Some(text.kept.as_str()),
            Keep::Undecided | Keep::No => None,
        };
        if text.is_key {
            self.place = Place::Colon;
            listener.key(kept)
        } else {
            self.place = Place::After;
            listener.string(kept)
        }
    }
}

/// A byte of a string that means itself.
fn is_plain(byte: u8) -> bool {
    (0x20..0x80).contains(&byte) && byte != b'"' && byte != b'\\'
}

impl Text {
    /// Whether no escape and no wide character is under way.
    fn is_plain(&self) -> bool {
        self.escape == Escape::None && self.wide.left == 0
    }

    /// Characters that mean themselves.
    fn take(&mut self, run: &[u8], longest: usize) -> Result<(), Refusal> {
        if run.is_empty() {
            return Ok(());
        }
        self.bytes += run.len();
        if self.bytes > longest {
            return Err(Refusal::StringLength);
        }
        if self.high.take().is_some() {
            self.push('\u{fffd}')?;
        }
        let mut run = run;
        while let Some((&byte, rest)) = run.split_first() {
            if self.keep == Keep::No {
                return Ok(());
            }
            self.push(char::from(byte))?;
            run = rest;
        }
        Ok(())
    }

    /// A byte that doesn't mean itself, outside of escapes and wide characters.
    fn special(&mut self, byte: u8) -> Result<(), Refusal> {
        self.bytes += 1;
        if byte == b'\\' {
            self.escape = Escape::Backslash;
            return Ok(());
        }
        if self.high.take().is_some() {
            self.push('\u{fffd}')?;
        }
        self.wide = Wide::begin(byte).ok_or(if byte < 0x20 { Refusal::Json } else { Refusal::Utf8 })?;
        Ok(())
    }

    /// A byte within an escape or a wide character.
    fn inside(&mut self, byte: u8) -> Result<(), Refusal> {
        self.bytes += 1;
        if self.wide.left > 0 {
            if let Some(character) = self.wide.next(byte)? {
                self.push(character)?;
            }
            return Ok(());
        }
        match self.escape {
            Escape::Backslash if byte == b'u' => self.escape = Escape::Unicode(0, 0),
            Escape::Unicode(digits, value) => {
                let digit = char::from(byte).to_digit(16).ok_or(Refusal::Json)?;
                let value = value << 4 | u16::try_from(digit).map_err(|_| Refusal::Json)?;
                if digits < 3 {
                    self.escape = Escape::Unicode(digits + 1, value);
                } else {
                    self.escape = Escape::None;
                    self.unit(value)?;
                }
            }
            _ => {
                let character = match byte {
                    b'"' | b'\\' | b'/' => char::from(byte),
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    _ => return Err(Refusal::Json),
                };
                self.escape = Escape::None;
                if self.high.take().is_some() {
                    self.push('\u{fffd}')?;
                }
                self.push(character)?;
            }
        }
        Ok(())
    }

    /// A UTF-16 unit of an escape. One without its partner counts as U+FFFD.
    fn unit(&mut self, unit: u16) -> Result<(), Refusal> {
        match (self.high.take(), unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                let pair = [high, unit];
                let character = char::decode_utf16(pair).next().and_then(Result::ok);
                return self.push(character.unwrap_or('\u{fffd}'));
            }
            (Some(_), _) => self.push('\u{fffd}')?,
            (None, _) => {}
        }
        if (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return Ok(());
        }
        self.push(char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}'))
    }

    fn push(&mut self, character: char) -> Result<(), Refusal> {
        match self.keep {
            Keep::No => return Ok(()),
            Keep::Undecided if character == '$' => self.keep = Keep::Dollar,
            Keep::Undecided => {
                self.keep = Keep::No;
                return Ok(());
            }
            Keep::Dollar if character == '$' => {
                self.keep = Keep::No;
                return Ok(());
            }
            Keep::Dollar => self.keep = Keep::Yes,
            Keep::Yes => {}
        }
        if self.kept.len() + character.len_utf8() > self.limit {
            if !self.is_key {
                return Err(Refusal::References);
            }
            self.keep = Keep::No;
            return Ok(());
        }
        self.kept.push(character);
        Ok(())
    }
}

impl Wide {
    /// The first byte of a character of two to four (RFC 3629).
    fn begin(byte: u8) -> Option<Self> {
        let (left, low, high, mask) = match byte {
            0xc2..=0xdf => (1, 0x80, 0xbf, 0x1f),
            0xe0 => (2, 0xa0, 0xbf, 0x0f),
            0xed => (2, 0x80, 0x9f, 0x0f),
            0xe1..=0xef => (2, 0x80, 0xbf, 0x0f),
            0xf0 => (3, 0x90, 0xbf, 0x07),
            0xf1..=0xf3 => (3, 0x80, 0xbf, 0x07),
            0xf4 => (3, 0x80, 0x8f, 0x07),
            _ => return None,
        };
        Some(Self {
            left,
            low,
            high,
            bits: u32::from(byte & mask),
        })
    }

    fn next(&mut self, byte: u8) -> Result<Option<char>, Refusal> {
        if !(self.low..=self.high).contains(&byte) {
            return Err(Refusal::Utf8);
        }
        (self.low, self.high) = (0x80, 0xbf);
        self.bits = self.bits << 6 | u32::from(byte & 0x3f);
        self.left -= 1;
        Ok(if self.left == 0 {
            Some(char::from_u32(self.bits).ok_or(Refusal::Utf8)?)
        } else {
            None
        })
    }
}

impl Number {
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::Sign,
            (Self::Exponent | Self::Sign | Self::Power, b'0'..=b'9') => Self::Power,
            _ => return None,
        })
    }

    fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::Power)
    }
}
