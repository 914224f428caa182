//! Why a body is refused: one word for log, metric and header each, and a sentence for people. Nothing of the body is in
//! it, so that it may be logged and sent.

use thiserror::Error;

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Refusal {
    /// The content type says multipart, but not with which boundary, or says it in two ways.
    #[error("the content type names no boundary, or more than one")]
    Boundary,
    /// The multipart framing is broken, or could be read in two ways.
    #[error("the multipart form is malformed")]
    Multipart,
    /// The body ended too early.
    #[error("the body is cut off")]
    Truncated,
    /// A part's name is none that React writes.
    #[error("a field has a name that no React client writes")]
    UnknownField,
    /// A part is there twice where the decoder would take one of them.
    #[error("a field is there twice")]
    DuplicateField,
    /// A row is not JSON.
    #[error("a row is not JSON")]
    Json,
    /// A row is not UTF-8.
    #[error("a row is not UTF-8")]
    Utf8,
    /// A string begins with `$` and means nothing.
    #[error("a row holds a reference that no React client writes")]
    Token,
    /// There is no list of arguments.
    #[error("there is no list of arguments")]
    NoRoot,
    /// A reference leads to nothing, or to something of another kind.
    #[error("a reference leads to a part that isn't there or is of another kind")]
    Dangling,
    /// A path leads through something that isn't an own property.
    #[error("a reference leads through a property that its target does not have")]
    Path,
    /// Something that can be read once only is referred to twice.
    #[error("a Map, Set, iterator, stream or typed array is referred to twice")]
    TakenTwice,
    /// A value holds itself.
    #[error("a value holds itself")]
    Cycle,
    /// A stream has no end, or goes on after it.
    #[error("a stream does not end where it should")]
    Stream,
    /// A server function is described in another way than React does.
    #[error("a server function is described wrongly")]
    Descriptor,
    /// A server function is referred to that may not be called.
    #[error("a server function is referred to that may not be called")]
    UnknownFunction,
    /// A form names no action, too many, or in a way that React does not.
    #[error("the form names no action")]
    Marker,
    /// Too many parts.
    #[error("the form has too many fields")]
    Parts,
    /// Too many values.
    #[error("the arguments have too many values")]
    Slots,
    /// Too many keys.
    #[error("the arguments have too many keys")]
    Keys,
    /// Too many references, or one that is too long.
    #[error("the arguments have too many references")]
    References,
    /// Too deep.
    #[error("the arguments are nested too deeply")]
    Depth,
    /// Small on the wire, too large for somebody who walks through it.
    #[error("the arguments unfold into too many values")]
    Expanded,
    /// A string is too long.
    #[error("a string is too long")]
    StringLength,
    /// Too many arguments.
    #[error("the call has too many arguments")]
    Arguments,
    /// Too many bound arguments.
    #[error("a server function has too many bound arguments")]
    Bound,
    /// A BigInt or a date is too long.
    #[error("a number or a date is too long")]
    Digits,
}

impl Refusal {
    /// Every refusal, for tables of metrics and documentation.
    pub const ALL: [Self; 27] = [
        Self::Boundary,
        Self::Multipart,
        Self::Truncated,
        Self::UnknownField,
        Self::DuplicateField,
        Self::Json,
        Self::Utf8,
        Self::Token,
        Self::NoRoot,
        Self::Dangling,
        Self::Path,
        Self::TakenTwice,
        Self::Cycle,
        Self::Stream,
        Self::Descriptor,
        Self::UnknownFunction,
        Self::Marker,
        Self::Parts,
        Self::Slots,
        Self::Keys,
        Self::References,
        Self::Depth,
        Self::Expanded,
        Self::StringLength,
        Self::Arguments,
        Self::Bound,
        Self::Digits,
    ];

    /// The word for log, metric and header.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Boundary => "flight_boundary",
            Self::Multipart => "flight_multipart",
            Self::Truncated => "flight_truncated",
            Self::UnknownField => "flight_unknown_field",
            Self::DuplicateField => "flight_duplicate_field",
            Self::Json => "flight_json",
            Self::Utf8 => "flight_utf8",
            Self::Token => "flight_token",
            Self::NoRoot => "flight_no_root",
            Self::Dangling => "flight_dangling",
            Self::Path => "flight_path",
            Self::TakenTwice => "flight_taken_twice",
            Self::Cycle => "flight_cycle",
            Self::Stream => "flight_stream",
            Self::Descriptor => "flight_descriptor",
            Self::UnknownFunction => "flight_unknown_function",
            Self::Marker => "flight_marker",
            Self::Parts => "flight_parts",
            Self::Slots => "flight_slots",
            Self::Keys => "flight_keys",
            Self::References => "flight_references",
            Self::Depth => "flight_depth",
            Self::Expanded => "flight_expanded",
            Self::StringLength => "flight_string_length",
            Self::Arguments => "flight_arguments",
            Self::Bound => "flight_bound",
            Self::Digits => "flight_digits",
        }
    }

    /// Whether it is too much of something (413) rather than wrong (400).
    #[must_use]
    pub fn is_too_much(self) -> bool {
        matches!(
            self,
            Self::Parts
                | Self::Slots
                | Self::Keys
                | Self::References
                | Self::Depth
                | Self::Expanded
                | Self::StringLength
                | Self::Arguments
                | Self::Bound
                | Self::Digits
        )
    }
}
