//! The patterns of `next.config` and of a proxy's matcher: `/blog/:slug`, `/docs/:path*`, `/:id(\\d+)`, `/((?!api).*)`.
//!
//! The grammar is that of path-to-regexp 6, which Next uses: `:name`, `:name(regex)`, `(regex)`, groups in braces, each
//! with `?`, `*` or `+` behind. A pattern becomes one regular expression over the canonical path, which is
//! percent-encoded; literal text is brought into the same spelling, so `/café` and `/caf%C3%A9` are one pattern. Upper and
//! lower case are not told apart, as in Next.

use super::regex::{Regex, RegexError};
use ironside_model::pattern::canonical_segment;
use std::fmt::Write as _;
use thiserror::Error;

/// Why a pattern can't be used.
#[derive(Debug, Error)]
pub enum PatternError {
    /// It doesn't begin with `/`.
    #[error("the pattern {pattern:?} has to begin with \"/\"")]
    NoSlash {
        /// The pattern.
        pattern: String,
    },
    /// A bracket or name is missing.
    #[error("the pattern {pattern:?} has {problem} at character {at}")]
    Syntax {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        problem: &'static str,
        /// Where, from 1.
        at: usize,
    },
    /// A regular expression in it is wrong.
    #[error("the pattern {pattern:?} is no valid regular expression")]
    Regex {
        /// The pattern.
        pattern: String,
        /// The reason.
        source: RegexError,
    },
}

/// Values that a match has bound: name and text, percent-encoded as in the URL.
pub type Captures = Vec<(String, String)>;

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    regex: Regex,
    names: Vec<String>,
}

#[derive(Debug, PartialEq)]
enum Token {
    Text(String),
    Key {
        name: String,
        prefix: String,
        suffix: String,
        pattern: String,
        modifier: Modifier,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Modifier {
    One,
    Optional,
    Any,
    Many,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When it has a mistake.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        if !source.starts_with('/') {
            return Err(PatternError::NoSlash { pattern: source.into() });
        }
        let tokens = Parser::new(source).tokens()?;
        let mut names = Vec::new();
        let mut regex = String::from("^");
        for token in &tokens {
            write_token(&mut regex, token, &mut names);
        }
        regex.push('$');
        let regex = Regex::ignoring_case(&regex).map_err(|error| PatternError::Regex {
            pattern: source.into(),
            source: error,
        })?;
        Ok(Self { regex, names })
    }

    /// What a canonical path binds, if it matches.
    #[must_use]
    pub fn captures(&self, path: &str) -> Option<Captures> {
        let groups = self.regex.groups(path)?;
        Some(
            self.names
                .iter()
                .enumerate()
                .map(|(index, name)| (name.clone(), groups.get(index).cloned().flatten().unwrap_or_default()))
                .collect(),
        )
    }

    /// Whether a canonical path matches.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }
}

fn write_token(regex: &mut String, token: &Token, names: &mut Vec<String>) {
    // Writing into a string cannot fail.
    let _ = match token {
        Token::Text(text) => write!(regex, "{}", escape(&canonical_text(text))),
        Token::Key {
            prefix,
            suffix,
            pattern,
            modifier,
            ..
        } if pattern.is_empty() => {
            let repeat = match modifier {
                Modifier::One => "",
                Modifier::Optional => "?",
                Modifier::Any => "*",
                Modifier::Many => "+",
            };
            write!(
                regex,
                "(?:{}{}){repeat}",
                escape(&canonical_text(prefix)),
                escape(&canonical_text(suffix))
            )
        }
        Token::Key {
            name,
            prefix,
            suffix,
            pattern,
            modifier,
        } => {
            names.push(name.clone());
            let (prefix, suffix) = (escape(&canonical_text(prefix)), escape(&canonical_text(suffix)));
            let bare = prefix.is_empty() && suffix.is_empty();
            match modifier {
                Modifier::One if bare => write!(regex, "({pattern})"),
                Modifier::Optional if bare => write!(regex, "({pattern})?"),
                Modifier::Any if bare => write!(regex, "((?:{pattern})*)"),
                Modifier::Many if bare => write!(regex, "((?:{pattern})+)"),
                Modifier::One => write!(regex, "(?:{prefix}({pattern}){suffix})"),
                Modifier::Optional => write!(regex, "(?:{prefix}({pattern}){suffix})?"),
                Modifier::Any => write!(
                    regex,
                    "(?:{prefix}((?:{pattern})(?:{suffix}{prefix}(?:{pattern}))*){suffix})?"
                ),
                Modifier::Many => write!(regex, "(?:{prefix}((?:{pattern})(?:{suffix}{prefix}(?:{pattern}))*){suffix})"),
            }
        }
    };
}

fn escape(text: &str) -> String {
    ::regex::escape(text)
}

/// Literal text in the spelling of canonical paths.
fn canonical_text(text: &str) -> String {
    text.split('/').map(canonical_segment).collect::<Vec<_>>().join("/")
}

/// Reads a pattern from left to right.
struct Parser<'a> {
    source: &'a str,
    chars: Vec<char>,
    at: usize,
    unnamed: usize,
}

const DEFAULT: &str = "[^/]+?";

impl<'a> Parser<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            chars: source.chars().collect(),
            at: 0,
            unnamed: 0,
        }
    }

    fn tokens(mut self) -> Result<Vec<Token>, PatternError> {
        let mut tokens = Vec::new();
        let mut text = String::new();
        while let Some(next) = self.peek() {
            match next {
                '\\' => {
                    self.at += 1;
                    text.push(self.take().ok_or_else(|| self.error("a backslash with nothing behind it"))?);
                }
                ':' | '(' => {
                    let prefix = if text.ends_with(['/', '.']) {
                        text.pop().map(String::from).unwrap_or_default()
                    } else {
                        String::new()
                    };
                    push_text(&mut tokens, &mut text);
                    let (name, pattern) = self.key()?;
                    let modifier = self.modifier();
                    tokens.push(Token::Key {
                        name,
                        prefix,
                        suffix: String::new(),
                        pattern,
                        modifier,
                    });
                }
                '{' => {
                    push_text(&mut tokens, &mut text);
                    let group = self.group()?;
                    tokens.push(group);
                }
                '}' | '?' | '+' | '*' => return Err(self.error("an unexpected character")),
                other => {
                    text.push(other);
                    self.at += 1;
                }
            }
        }
        push_text(&mut tokens, &mut text);
        Ok(tokens)
    }

    /// `:name`, `:name(regex)` or `(regex)`.
    fn key(&mut self) -> Result<(String, String), PatternError> {
        let mut name = String::new();
        if self.peek() == Some(':') {
            self.at += 1;
            while let Some(letter) = self.peek().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_') {
                name.push(letter);
                self.at += 1;
            }
            if name.is_empty() {
                return Err(self.error("a \":\" without a name"));
            }
        }
        let pattern = if self.peek() == Some('(') {
            self.regex()?
        } else {
            DEFAULT.to_owned()
        };
        if name.is_empty() {
            name = self.unnamed.to_string();
            self.unnamed += 1;
        }
        Ok((name, pattern))
    }

    /// The inside of a pair of brackets. Groups in it must not capture, or the numbers of the names would be wrong.
    fn regex(&mut self) -> Result<String, PatternError> {
        let opened = self.at;
        self.at += 1;
        let (mut depth, mut class, mut pattern) = (1, false, String::new());
        while let Some(next) = self.take() {
            match next {
                '\\' => {
                    pattern.push(next);
                    pattern.push(self.take().ok_or_else(|| self.error("a backslash with nothing behind it"))?);
                    continue;
                }
                '[' => class = true,
                ']' => class = false,
                '(' if !class => {
                    depth += 1;
                    if self.peek() != Some('?') {
                        return Err(self.error("a capturing group inside brackets, write \"(?:\" instead"));
                    }
                }
                ')' if !class => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return if pattern.is_empty() {
                    Err(self.error("empty brackets"))
                } else {
                    Ok(pattern)
                };
            }
            pattern.push(next);
        }
        self.at = opened;
        Err(self.error("a bracket that is not closed"))
    }

    /// `{prefix:key suffix}modifier`.
    fn group(&mut self) -> Result<Token, PatternError> {
        self.at += 1;
        let prefix = self.plain();
        let (name, pattern) = match self.peek() {
            Some(':' | '(') => self.key()?,
            // `{text}?`: text alone, which a key without a name of its own stands for.
            _ => (String::new(), String::new()),
        };
        let suffix = self.plain();
        if self.take() != Some('}') {
            return Err(self.error("a brace that is not closed"));
        }
        let modifier = self.modifier();
        Ok(Token::Key {
            name,
            prefix,
            suffix,
            pattern,
            modifier,
        })
    }

    fn plain(&mut self) -> String {
        let mut text = String::new();
        while let Some(next) = self.peek().filter(|next| !":({}".contains(*next)) {
            self.at += 1;
            if next == '\\' {
                text.extend(self.take())
            } else {
                text.push(next)
            }
        }
        text
    }

    fn modifier(&mut self) -> Modifier {
        let modifier = match self.peek() {
            Some('?') => Modifier::Optional,
            Some('*') => Modifier::Any,
            Some('+') => Modifier::Many,
            _ => return Modifier::One,
        };
        self.at += 1;
        modifier
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn error(&self, problem: &'static str) -> PatternError {
        PatternError::Syntax {
            pattern: self.source.into(),
            problem,
            at: self.at + 1,
        }
    }
}

fn push_text(tokens: &mut Vec<Token>, text: &mut String) {
    if !text.is_empty() {
        tokens.push(Token::Text(std::mem::take(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(pattern: &str, path: &str) -> Option<String> {
        let captures = Pattern::new(pattern).unwrap().captures(path)?;
        Some(
            captures
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" "),
        )
    }

    #[test]
    fn names_bind_segments() {
        assert_eq!(bound("/old/:id", "/old/7").as_deref(), Some("id=7"));
        assert_eq!(bound("/old/:id", "/old/7/8"), None);
        assert_eq!(bound("/old/:id", "/old"), None);
        assert_eq!(bound("/a/:x-:y", "/a/1-2").as_deref(), Some("x=1 y=2"));
        assert_eq!(bound("/digits/:n(\\d+)", "/digits/12").as_deref(), Some("n=12"));
        assert_eq!(bound("/digits/:n(\\d+)", "/digits/ab"), None);
        assert_eq!(bound("/files/:name.txt", "/files/a.txt").as_deref(), Some("name=a"));
    }

    #[test]
    fn modifiers_take_none_one_or_many_segments() {
        assert_eq!(bound("/m/:rest*", "/m").as_deref(), Some("rest="));
        assert_eq!(bound("/m/:rest*", "/m/a/b").as_deref(), Some("rest=a/b"));
        assert_eq!(bound("/m/:rest*", "/mother"), None);
        assert_eq!(bound("/m/:rest+", "/m"), None);
        assert_eq!(bound("/m/:one?", "/m").as_deref(), Some("one="));
        assert_eq!(bound("/x{/:lang}?/about", "/x/about").as_deref(), Some("lang="));
        assert_eq!(bound("/a{/b}?/c", "/a/c").as_deref(), Some(""));
        assert_eq!(bound("/x{/:lang}?/about", "/x/de/about").as_deref(), Some("lang=de"));
    }

    #[test]
    fn the_usual_matcher_with_look_ahead() {
        let matcher = Pattern::new("/((?!api|_next/static|_next/image|favicon.ico).*)").unwrap();
        assert!(matcher.matches("/") && matcher.matches("/dashboard/x"));
        assert!(!matcher.matches("/api/x") && !matcher.matches("/_next/static/chunks/a.js"));
    }

    #[test]
    fn spelling_and_case_of_literals_do_not_matter() {
        assert!(Pattern::new("/café/:x").unwrap().matches("/caf%C3%A9/1"));
        assert!(Pattern::new("/Admin").unwrap().matches("/admin"));
        assert!(Pattern::new("/a\\:b").unwrap().matches("/a:b"));
    }

    #[test]
    fn mistakes_are_named() {
        for (pattern, problem) in [
            ("blog", "begin with"),
            ("/:", "without a name"),
            ("/(abc", "not closed"),
            ("/a*", "unexpected"),
            ("/((a))", "capturing"),
            ("/:x([)", "not closed"),
            ("/:x(a{2,1})", "regular expression"),
        ] {
            let error = Pattern::new(pattern).unwrap_err().to_string();
            assert!(error.contains(problem), "{pattern}: {error}");
        }
    }
}
