//! Why an answer was taken from what is shared, made for it, or made for one visitor only. One word for each reason: the same in
//! the access log, the metric, the development header, the build's table and `ironside cache explain`.

use ironside_cache::freshness::{DeadReason, Freshness, StaleReason};
use ironside_cache::{MissReason, Tag};
use ironside_worker::wire::DynamicReason;
use std::fmt;

/// What came of looking for a shared answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was there.
    Hit,
    /// It was there, and is being renewed.
    Stale,
    /// It was made just now, and is shared.
    Miss,
    /// There is none for this request.
    Bypass,
}

impl Outcome {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
        }
    }
}

/// Declares the reasons, each with its outcome, its word and what it means for a person.
macro_rules! reasons {
    ($($name:ident: $outcome:ident, $word:expr, $about:literal;)*) => {
        /// See the module's documentation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each is described by `about`")]
        pub enum Reason {
            $($name,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it leads to.
            #[must_use]
            pub fn outcome(self) -> Outcome {
                match self {
                    $(Self::$name => Outcome::$outcome,)*
                }
            }

            /// Its word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// What it means, in a few words: as the build's table has it.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$name => $about,)*
                }
            }
        }
    };
}

reasons! {
    Fresh: Hit, "fresh", "it is stored, and nothing that it was made of has changed";
    StaleAge: Stale, StaleReason::Age.word(), "its time to be renewed has come: it is answered once more while a new one is made";
    StaleTag: Stale, "stale_tag", "one of its tags was marked stale: it is answered once more while a new one is made";
    Absent: Miss, MissReason::Absent.word(), "nothing is stored for it";
    DeadAge: Miss, DeadReason::Age.word(), "what is stored is older than it may be served";
    DeadTag: Miss, "dead_tag", "one of its tags was invalidated after it was made";
    Waited: Miss, "waited", "another request was making it, and this one waited";

    Development: Bypass, "development", "nothing is shared while you develop";
    NoRoute: Bypass, "no_route", "no route answers it";
    Method: Bypass, "method", "only GET and HEAD are answered with what is shared";
    Draft: Bypass, "draft", "draft mode is on for this visitor";
    ForceDynamic: Bypass, "force_dynamic", "dynamic = 'force-dynamic'";
    RevalidateZero: Bypass, "revalidate_zero", "revalidate = 0";
    Intercepting: Bypass, "intercepting", "it intercepts another route, and only navigations see it";
    Params: Bypass, "params", "parameters without generateStaticParams";
    Methods: Bypass, "methods", "it has other methods than GET";
    Handler: Bypass, "handler", "a handler that is not declared static";
    File: Bypass, "file", "it is a file";

    Cookies: Bypass, "dynamic:cookies", "cookies()";
    Headers: Bypass, "dynamic:headers", "headers()";
    SearchParams: Bypass, "dynamic:searchParams", "searchParams";
    Connection: Bypass, "dynamic:connection", "connection()";
    DraftMode: Bypass, "dynamic:draftMode", "draftMode()";
    NoStore: Bypass, "dynamic:noStore", "unstable_noStore()";
    Fetch: Bypass, "dynamic:fetch", "a fetch that is not cached";
    Config: Bypass, "dynamic:config", "its configuration";
    Private: Bypass, "dynamic:private", "'use cache: private'";
    CacheLife: Bypass, "dynamic:cacheLife", "a part of it lives too short";
    Io: Bypass, "dynamic:io", "it waits for something that is not cached";
    Random: Bypass, "dynamic:random", "the time, or a random number";
    Dynamic: Bypass, "dynamic", "it reads the request";

    SetCookie: Bypass, "set_cookie", "it sets a cookie";
    Status: Bypass, "status", "its status is not one that is kept";
    CacheControl: Bypass, "cache_control", "its own Cache-Control";
    TooLarge: Bypass, "too_large", "it is larger than what is kept";

    FillFailed: Bypass, "fill_failed", "the render for everybody failed, so each visitor is rendered for";
    FillSlow: Bypass, "fill_slow", "the render for everybody took too long, so this visitor got one of his own";
    Invalidated: Bypass, "invalidated", "it was invalidated again and again while it was made";
}

impl Reason {
    /// What it means, as a sentence without its full stop.
    #[must_use]
    pub fn sentence(self) -> String {
        let about = self.about();
        match self {
            Self::Cookies | Self::Headers | Self::Connection | Self::DraftMode | Self::NoStore => format!("it calls {about}"),
            Self::SearchParams => format!("it reads {about}"),
            Self::ForceDynamic | Self::RevalidateZero | Self::Params | Self::Fetch | Self::Private | Self::CacheControl => {
                format!("it has {about}")
            }
            Self::Handler => format!("it is {about}"),
            Self::Random => format!("it asks for {about}"),
            _ => about.to_owned(),
        }
    }

    /// The reason with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.word() == word)
    }
}

impl From<DynamicReason> for Reason {
    fn from(reason: DynamicReason) -> Self {
        match reason {
            DynamicReason::Cookies => Self::Cookies,
            DynamicReason::Headers => Self::Headers,
            DynamicReason::SearchParams => Self::SearchParams,
            DynamicReason::Connection => Self::Connection,
            DynamicReason::DraftMode => Self::DraftMode,
            DynamicReason::NoStore => Self::NoStore,
            DynamicReason::Fetch => Self::Fetch,
            DynamicReason::Config => Self::Config,
            DynamicReason::Private => Self::Private,
            DynamicReason::CacheLife => Self::CacheLife,
            DynamicReason::Io => Self::Io,
            DynamicReason::Random => Self::Random,
        }
    }
}

/// A reason, and the tag that it is about if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Why.
    pub reason: Reason,
    /// Which tag.
    pub tag: Option<Tag>,
}

impl From<Reason> for Told {
    fn from(reason: Reason) -> Self {
        Self { reason, tag: None }
    }
}

impl From<StaleReason> for Told {
    fn from(reason: StaleReason) -> Self {
        match reason {
            StaleReason::Age => Reason::StaleAge.into(),
            StaleReason::Tag(tag) => Self {
                reason: Reason::StaleTag,
                tag: Some(tag),
            },
        }
    }
}

impl From<Freshness> for Told {
    fn from(freshness: Freshness) -> Self {
        match freshness {
            Freshness::Fresh => Reason::Fresh.into(),
            Freshness::Stale(reason) => reason.into(),
            Freshness::Dead(reason) => MissReason::Dead(reason).into(),
        }
    }
}

impl From<MissReason> for Told {
    fn from(reason: MissReason) -> Self {
        match reason {
            MissReason::Absent => Reason::Absent.into(),
            MissReason::Dead(DeadReason::Age) => Reason::DeadAge.into(),
            MissReason::Dead(DeadReason::Tag(tag)) => Self {
                reason: Reason::DeadTag,
                tag: Some(tag),
            },
        }
    }
}

/// `fresh`, `dead_tag:posts`.
impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.reason.word())?;
        match &self.tag {
            Some(tag) => write!(out, ":{}", shown_tag(tag)),
            None => Ok(()),
        }
    }
}

/// A tag as people read it: those of paths as `page /blog/[slug]`, the one of everything as `*`.
#[must_use]
pub fn shown_tag(tag: &str) -> String {
    match ironside_model::tag::path_of_tag(tag) {
        Some((scope, path)) => format!("{scope} {path}"),
        None if tag.is_empty() => "*".to_owned(),
        None => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ironside_model::tag::{PathScope, path_tag};

    #[test]
    fn every_reason_has_a_word_of_its_own_and_those_of_the_cache_are_the_same() {
        for reason in Reason::ALL {
            assert_eq!(Reason::of(reason.word()), Some(*reason));
        }
        let tag = Tag::from("a");
        assert_eq!(StaleReason::Tag(tag.clone()).word(), Reason::StaleTag.word());
        assert_eq!(DeadReason::Tag(tag).word(), Reason::DeadTag.word());
    }

    #[test]
    fn a_tag_is_told_as_people_read_it() {
        let told = |tag: &str| Told::from(StaleReason::Tag(tag.into())).to_string();
        assert_eq!(told("posts"), "stale_tag:posts");
        assert_eq!(
            told(&path_tag("/blog/[slug]", PathScope::Page)),
            "stale_tag:page /blog/[slug]"
        );
        assert_eq!(told(""), "stale_tag:*");
        assert_eq!(Told::from(Reason::Cookies).to_string(), "dynamic:cookies");
    }
}
