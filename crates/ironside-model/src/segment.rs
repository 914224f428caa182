//! What the name of a folder below `app` means: a part of the URL, a parameter, a group, a slot, an interception, or
//! nothing to the router.
//!
//! Only the grammar of one name is known here. Which folders make a route together is [`crate::pattern`]'s and the
//! compiler's business.

use crate::manifest::PatternPart;
use percent_encoding::percent_decode_str;

/// The meaning of a folder's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FolderName {
    /// `blog`, `llms.txt`, `%5Fopen`: the part of the URL, decoded.
    Static(String),
    /// `[id]`, `[...path]`, `[[...path]]`.
    Param(PatternPart),
    /// `(marketing)`, and `@children`, which is the slot that pages are in anyway: no part of the URL.
    Group(String),
    /// `@modal`: a parallel slot, no part of the URL.
    Slot(String),
    /// `(..)photo`: shows itself in place of another route during navigation.
    Intercept(InterceptMarker, PatternPart),
    /// `_parts`: files that the router does not look at.
    Private,
}

/// From where the rest of an intercepting folder's path is counted, in URL segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InterceptMarker {
    /// `(.)`: the same level.
    Same,
    /// `(..)`: one level up.
    Up,
    /// `(..)(..)`: two levels up.
    UpTwice,
    /// `(...)`: the root of `app`.
    Root,
}

impl InterceptMarker {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "(.)",
            Self::Up => "(..)",
            Self::UpTwice => "(..)(..)",
            Self::Root => "(...)",
        }
    }

    /// How many URL segments of the place where it stands are dropped; `None` drops all.
    #[must_use]
    pub fn levels_up(self) -> Option<usize> {
        match self {
            Self::Same => Some(0),
            Self::Up => Some(1),
            Self::UpTwice => Some(2),
            Self::Root => None,
        }
    }
}

/// Why a folder cannot have this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FolderNameError {
    /// `[]`, `[...]`
    #[error("the parameter has no name")]
    EmptyParam,
    /// `@`
    #[error("the slot has no name")]
    EmptySlot,
    /// `()`
    #[error("the route group has no name")]
    EmptyGroup,
    /// `(.)`
    #[error("the interception names no segment")]
    EmptyIntercept,
    /// `[[id]]`
    #[error("a single parameter cannot be optional")]
    OptionalParam,
    /// `[id`, `a[id]`, `[[...a]`
    #[error("brackets have to enclose the whole name")]
    Brackets,
    /// `[..a]`
    #[error("a parameter's name cannot start with a dot")]
    Dots,
    /// `[…a]`
    #[error("the name has the character `…`")]
    Ellipsis,
    /// `(..)(..)(..)photo`, `(.)(group)`
    #[error("an interception marker must be followed by the name of a segment")]
    InterceptTarget,
}

impl FolderNameError {
    /// How to mend it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::EmptyParam => "write a name, such as [id] or [...path]",
            Self::EmptySlot => "write a name, such as @modal",
            Self::EmptyGroup => "write a name, such as (marketing)",
            Self::EmptyIntercept => "write the segment right after it, such as (.)photo",
            Self::OptionalParam => "only a catch-all can be optional: [[...name]]; or use [name]",
            Self::Brackets => "use [name], [...name] or [[...name]] as the whole folder name",
            Self::Dots => "a catch-all has exactly three dots: [...name]",
            Self::Ellipsis => "write three dots instead: [...name]",
            Self::InterceptTarget => "use one of (.), (..), (..)(..) and (...) and the name of a segment or [param] after it",
        }
    }
}

impl FolderName {
    /// Reads a folder's name.
    pub fn parse(name: &str) -> Result<Self, FolderNameError> {
        if name.starts_with('_') {
            return Ok(Self::Private);
        }
        if let Some(slot) = name.strip_prefix('@') {
            return match slot {
                "" => Err(FolderNameError::EmptySlot),
                "children" => Ok(Self::Group(name.to_owned())),
                _ => Ok(Self::Slot(slot.to_owned())),
            };
        }
        if let Some((marker, rest)) = split_marker(name) {
            return intercept(marker, rest);
        }
        if let Some(group) = name.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            return if group.is_empty() {
                Err(FolderNameError::EmptyGroup)
            } else {
                Ok(Self::Group(group.to_owned()))
            };
        }
        Ok(match url_part(name)? {
            PatternPart::Static(text) => Self::Static(text),
            param => Self::Param(param),
        })
    }

    /// The part of the URL that the folder stands for, if any. An interception's depends on where it is.
    #[must_use]
    pub fn url_part(&self) -> Option<PatternPart> {
        match self {
            Self::Static(text) => Some(PatternPart::Static(text.clone())),
            Self::Param(part) | Self::Intercept(_, part) => Some(part.clone()),
            Self::Group(_) | Self::Slot(_) | Self::Private => None,
        }
    }
}

fn split_marker(name: &str) -> Option<(InterceptMarker, &str)> {
    [
        InterceptMarker::UpTwice,
        InterceptMarker::Same,
        InterceptMarker::Up,
        InterceptMarker::Root,
    ]
    .into_iter()
    .find_map(|marker| Some((marker, name.strip_prefix(marker.as_str())?)))
}

fn intercept(marker: InterceptMarker, rest: &str) -> Result<FolderName, FolderNameError> {
    if rest.is_empty() {
        return Err(FolderNameError::EmptyIntercept);
    }
    if rest.starts_with(['(', '@', '_']) {
        return Err(FolderNameError::InterceptTarget);
    }
    Ok(FolderName::Intercept(marker, url_part(rest)?))
}

fn url_part(name: &str) -> Result<PatternPart, FolderNameError> {
    if !name.contains(['[', ']']) {
        // Folders whose URL starts with `_` are written with `%5F`; other escapes mean themselves as well.
        let text = percent_decode_str(name)
            .decode_utf8()
            .map_or_else(|_| name.to_owned(), |text| text.into_owned());
        return Ok(PatternPart::Static(text));
    }
    if let Some(inner) = name.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
        let catch_all = inner.strip_prefix("...");
        // Only the name is looked at before, so that `[[]]` is told as what it is.
        return match catch_all {
            Some(param) => Ok(PatternPart::OptionalCatchAll(param_name(param)?)),
            None => param_name(inner).and(Err(FolderNameError::OptionalParam)),
        };
    }
    let inner = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .ok_or(FolderNameError::Brackets)?;
    match inner.strip_prefix("...") {
        Some(param) => Ok(PatternPart::CatchAll(param_name(param)?)),
        None => Ok(PatternPart::Dynamic(param_name(inner)?)),
    }
}

fn param_name(name: &str) -> Result<String, FolderNameError> {
    if name.is_empty() {
        Err(FolderNameError::EmptyParam)
    } else if name.contains(['[', ']']) {
        Err(FolderNameError::Brackets)
    } else if name.starts_with('.') {
        Err(FolderNameError::Dots)
    } else if name.contains('…') {
        Err(FolderNameError::Ellipsis)
    } else {
        Ok(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<FolderName, FolderNameError> {
        FolderName::parse(name)
    }

    #[test]
    fn names_mean_what_the_conventions_say() {
        let text = |t: &str| t.to_owned();
        assert_eq!(parse("blog"), Ok(FolderName::Static(text("blog"))));
        assert_eq!(parse("llms.txt"), Ok(FolderName::Static(text("llms.txt"))));
        assert_eq!(parse("%5Fopen"), Ok(FolderName::Static(text("_open"))));
        assert_eq!(parse("_parts"), Ok(FolderName::Private));
        assert_eq!(parse("[id]"), Ok(FolderName::Param(PatternPart::Dynamic(text("id")))));
        assert_eq!(parse("[...a]"), Ok(FolderName::Param(PatternPart::CatchAll(text("a")))));
        assert_eq!(
            parse("[[...a]]"),
            Ok(FolderName::Param(PatternPart::OptionalCatchAll(text("a"))))
        );
        assert_eq!(parse("(shop)"), Ok(FolderName::Group(text("shop"))));
        assert_eq!(parse("@modal"), Ok(FolderName::Slot(text("modal"))));
        assert_eq!(parse("@children"), Ok(FolderName::Group(text("@children"))));
    }

    #[test]
    fn markers_of_interception_are_told_apart() {
        let to = |marker, part| Ok(FolderName::Intercept(marker, part));
        let photo = || PatternPart::Static("photo".into());
        assert_eq!(parse("(.)photo"), to(InterceptMarker::Same, photo()));
        assert_eq!(parse("(..)photo"), to(InterceptMarker::Up, photo()));
        assert_eq!(parse("(..)(..)photo"), to(InterceptMarker::UpTwice, photo()));
        assert_eq!(parse("(...)photo"), to(InterceptMarker::Root, photo()));
        assert_eq!(parse("(.)[id]"), to(InterceptMarker::Same, PatternPart::Dynamic("id".into())));
    }

    #[test]
    fn mistakes_have_their_own_reason() {
        for (name, error) in [
            ("[]", FolderNameError::EmptyParam),
            ("[[...]]", FolderNameError::EmptyParam),
            ("@", FolderNameError::EmptySlot),
            ("()", FolderNameError::EmptyGroup),
            ("(.)", FolderNameError::EmptyIntercept),
            ("[[id]]", FolderNameError::OptionalParam),
            ("[id", FolderNameError::Brackets),
            ("a[id]", FolderNameError::Brackets),
            ("[a][b]", FolderNameError::Brackets),
            ("[[...a]", FolderNameError::Brackets),
            ("[..a]", FolderNameError::Dots),
            ("[....a]", FolderNameError::Dots),
            ("[…a]", FolderNameError::Ellipsis),
            ("(..)(..)(..)a", FolderNameError::InterceptTarget),
        ] {
            assert_eq!(parse(name), Err(error), "{name}");
        }
    }
}
