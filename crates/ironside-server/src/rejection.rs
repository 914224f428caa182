//! Everything that the server refuses before any JavaScript runs: declared once, with status, word and public text.

use crate::csrf;
use crate::exchange::ActionCall;
use crate::framing::Ambiguity;
use crate::response::{Answer, error_page};
use crate::url::UrlError;
use http::header::{self, HeaderName};
use http::{HeaderValue, StatusCode};
use ironside_flight::Refusal;
use ironside_model::manifest::Manifest;

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The path can't be read in one way only.
    BadUrl(UrlError),
    /// Path and query are too long.
    UrlTooLong,
    /// The head can be read in more than one way.
    Ambiguous(Ambiguity),
    /// `Expect` with something else than `100-continue`.
    Expectation,
    /// HTTP/1.1 without a host, or one that is no host.
    BadHost,
    /// The target is absolute and names another host than the `Host` header.
    OtherHost,
    /// A method that no route can have.
    UnknownMethod,
    /// The route doesn't have this method.
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: Methods,
    },
    /// The path lies outside `basePath`, or a file doesn't exist.
    NotFound,
    /// It may come from another site.
    Csrf(csrf::Refused),
    /// `Next-Action` is not an action's id.
    BadActionId,
    /// No action has this id, or nothing in this build may call it from outside.
    UnknownAction,
    /// A call can't be a urlencoded form.
    UrlencodedAction,
    /// The body is larger than actions may be.
    BodyTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The body is larger than handlers may be sent.
    HandlerBodyTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The same, where the caller expects a typed result (`createAction`).
    InputTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The same for a form without JavaScript: people read the answer.
    FormTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The body of an action holds what no React client sends, or too much of it.
    Flight(Refusal),
    /// The body of an action took too long to come.
    UploadTooSlow,
    /// The bodies of all actions together take too much memory.
    NoRoom,
    /// A body that the proxy has read is larger than may be kept.
    ProxyBodyTooLarge,
}

/// A set of methods, as `Allow` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Methods(u8);

/// The methods that a route handler can export, in the order of `Allow`.
pub const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

impl Methods {
    /// What pages and files answer to.
    pub const READ: Self = Self(0b110);

    /// The methods among some names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(
            names
                .into_iter()
                .filter_map(|name| METHODS.iter().position(|method| *method == name))
                .fold(0, |set, bit| set | 1 << bit),
        )
    }

    /// With one more.
    #[must_use]
    pub fn with(self, name: &str) -> Self {
        Self(self.0 | Self::of([name]).0)
    }

    /// Whether it has the method.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        let other = Self::of([name]).0;
        other != 0 && self.0 & other == other
    }

    /// The value of `Allow`.
    #[must_use]
    pub fn list(self) -> String {
        METHODS
            .iter()
            .enumerate()
            .filter(|(bit, _)| self.0 & (1 << bit) != 0)
            .map(|(_, name)| *name)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The body is the result of the action, as JSON.
const ACTION_RESULT: HeaderName = HeaderName::from_static("x-ironside-result");
const ACTION_NOT_FOUND: HeaderName = HeaderName::from_static("x-nextjs-action-not-found");

impl Rejection {
    /// For a call whose body is larger than `limit`.
    #[must_use]
    pub fn action_too_large(manifest: &Manifest, call: &ActionCall, limit: u64) -> Self {
        let Some(id) = call.id() else {
            return Self::FormTooLarge { limit };
        };
        let is_typed = manifest.actions.get(id).is_some_and(|action| action.options.is_some());
        if is_typed {
            Self::InputTooLarge { limit }
        } else {
            Self::BodyTooLarge { limit }
        }
    }

    /// The status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadUrl(_) | Self::Ambiguous(_) | Self::BadHost | Self::OtherHost | Self::BadActionId => StatusCode::BAD_REQUEST,
            Self::UrlTooLong => StatusCode::URI_TOO_LONG,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::UnknownMethod | Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound | Self::UrlencodedAction => StatusCode::NOT_FOUND,
            Self::Csrf(_) => StatusCode::FORBIDDEN,
            Self::UnknownAction => StatusCode::CONFLICT,
            Self::Flight(refusal) if !refusal.is_too_much() => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge { .. }
            | Self::InputTooLarge { .. }
            | Self::FormTooLarge { .. }
            | Self::HandlerBodyTooLarge { .. }
            | Self::ProxyBodyTooLarge
            | Self::Flight(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UploadTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether nothing more is read of the connection: what follows such a head may be a part of it to somebody else.
    #[must_use]
    pub fn ends_connection(self) -> bool {
        matches!(
            self,
            Self::Ambiguous(_) | Self::BadHost | Self::OtherHost | Self::Expectation | Self::UrlTooLong
        )
    }

    /// The word for log and metric.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BadUrl(_) => "bad_url",
            Self::UrlTooLong => "url_too_long",
            Self::Ambiguous(_) => "ambiguous",
            Self::Expectation => "expectation",
            Self::BadHost => "bad_host",
            Self::OtherHost => "other_host",
            Self::UnknownMethod => "unknown_method",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::Csrf(refused) => refused.word(),
            Self::BadActionId => "bad_action_id",
            Self::UnknownAction => "unknown_action",
            Self::UrlencodedAction => "urlencoded_action",
            Self::BodyTooLarge { .. }
            | Self::InputTooLarge { .. }
            | Self::FormTooLarge { .. }
            | Self::HandlerBodyTooLarge { .. } => "body_too_large",
            Self::Flight(refusal) => refusal.word(),
            Self::UploadTooSlow => "upload_too_slow",
            Self::NoRoom => "no_room",
            Self::ProxyBodyTooLarge => "proxy_body_too_large",
        }
    }

    /// What the client is told.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::BadUrl(error) => format!("Bad Request: {error}."),
            Self::UrlTooLong => "The URL is too long.".into(),
            Self::Ambiguous(ambiguity) => format!("Bad Request: {ambiguity}."),
            Self::Expectation => "Expect can only be 100-continue.".into(),
            Self::BadHost => "Bad Request: the Host header is missing or is not a host.".into(),
            Self::OtherHost => "Bad Request: the request target and the Host header name different hosts.".into(),
            Self::UnknownMethod | Self::MethodNotAllowed { .. } => "Method Not Allowed".into(),
            Self::NotFound => "Not Found".into(),
            Self::Csrf(refused) => refused.text().into(),
            Self::BadActionId => "Invalid Server Action request.".into(),
            Self::UnknownAction => "Server Action unavailable.".into(),
            Self::UrlencodedAction => "A Server Action cannot be called with a urlencoded form.".into(),
            Self::BodyTooLarge { limit } => {
                format!("The body is larger than {limit} bytes. serverActions.bodySizeLimit in next.config sets the limit.")
            }
            Self::HandlerBodyTooLarge { limit } => format!("The body is larger than {limit} bytes."),
            Self::InputTooLarge { limit } | Self::FormTooLarge { limit } => {
                format!("This is too large: at most {} can be sent.", size(limit))
            }
            Self::Flight(Refusal::Marker) => "Invalid Server Action request.".into(),
            Self::Flight(refusal) => format!("Invalid Server Action request: {refusal}."),
            Self::UploadTooSlow => "The body took too long to arrive.".into(),
            Self::NoRoom => "Too many large bodies are being received. Try again.".into(),
            Self::ProxyBodyTooLarge => "The proxy read more of the body than is kept for the application.".into(),
        }
    }

    /// The answer.
    #[must_use]
    pub fn answer(self) -> Answer {
        let answer = Answer::text(self.status(), self.text(), self.word());
        match self {
            Self::MethodNotAllowed { allow } => match HeaderValue::from_str(&allow.list()) {
                Ok(allow) => answer.with(header::ALLOW, allow),
                Err(_) => answer,
            },
            Self::InputTooLarge { .. } => typed(self),
            Self::FormTooLarge { .. } => error_page::refusal(self.status(), &self.text(), self.word()),
            Self::NoRoom => answer.with(header::RETRY_AFTER, HeaderValue::from_static("1")),
            Self::BadActionId | Self::UnknownAction | Self::Flight(Refusal::Marker) => {
                answer.with(ACTION_NOT_FOUND, HeaderValue::from_static("1"))
            }
            _ => answer,
        }
    }
}

/// The answer in the form of results of `createAction`, which the client gives to the caller as such.
fn typed(rejection: Rejection) -> Answer {
    let result =
        serde_json::json!({ "ok": false, "code": "too_large", "error": rejection.text(), "fieldErrors": {}, "formErrors": [] });
    let mut answer = Answer::text(rejection.status(), result.to_string(), rejection.word());
    let headers = answer.response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACTION_RESULT, HeaderValue::from_static("1"));
    answer
}

/// For readers: whole units of 1024, if it is some.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")];
    let unit = UNITS.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_lists_methods_in_order() {
        assert_eq!(
            Methods::of(["POST", "GET", "runtime"]).with("OPTIONS").with("HEAD").list(),
            "GET, HEAD, OPTIONS, POST"
        );
        assert_eq!(Methods::READ.list(), "GET, HEAD");
        assert!(Methods::READ.has("GET") && !Methods::READ.has("POST") && !Methods::READ.has("QUERY"));
    }

    #[test]
    fn an_unknown_action_tells_the_client_so() {
        let answer = Rejection::UnknownAction.answer();
        assert_eq!(answer.response.status(), 409);
        assert_eq!(answer.response.headers()["x-nextjs-action-not-found"], "1");
    }
}
