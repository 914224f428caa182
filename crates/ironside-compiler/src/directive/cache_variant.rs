//! What stands behind `use cache`: which cache a function wants.

/// See the module's documentation (Next behaviour 5.20).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheVariant {
    /// `'use cache'`, `'use cache: default'`, and names of `cacheHandlers`: all of these are the server's shared cache.
    Default,
    /// `'use cache: remote'`. The same cache; only what may be nested in what differs.
    Remote,
    /// `'use cache: private'`: kept for one request, and may read it.
    Private,
}

/// Why a directive that begins with `use cache` names no cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VariantProblem {
    /// It is not written as it has to be; this is.
    Misspelt(String),
    /// No handler has this name.
    Unknown(String),
}

impl CacheVariant {
    /// The word that the runtime gets.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Remote => "remote",
            Self::Private => "private",
        }
    }

    /// The variant of a directive. `handlers` are the names in `cacheHandlers` of the configuration.
    pub(super) fn of(directive: &str, handlers: &[String]) -> Result<Self, VariantProblem> {
        let Some(rest) = directive.strip_prefix("use cache:") else {
            return Ok(Self::Default);
        };
        let name = rest.trim();
        if name.is_empty() {
            return Err(VariantProblem::Misspelt("use cache".to_owned()));
        }
        if rest.strip_prefix(' ') != Some(name) {
            return Err(VariantProblem::Misspelt(format!("use cache: {name}")));
        }
        match name {
            "default" => Ok(Self::Default),
            "remote" => Ok(Self::Remote),
            "private" => Ok(Self::Private),
            name if handlers.iter().any(|handler| handler == name) => Ok(Self::Default),
            name => Err(VariantProblem::Unknown(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_told_by_their_names() {
        let of = |directive| CacheVariant::of(directive, &["sessions".to_owned()]);
        assert_eq!(of("use cache"), Ok(CacheVariant::Default));
        assert_eq!(of("use cache: default"), Ok(CacheVariant::Default));
        assert_eq!(of("use cache: remote"), Ok(CacheVariant::Remote));
        assert_eq!(of("use cache: private"), Ok(CacheVariant::Private));
        assert_eq!(of("use cache: sessions"), Ok(CacheVariant::Default));
        assert_eq!(of("use cache: other"), Err(VariantProblem::Unknown("other".to_owned())));
        for wrong in ["use cache:remote", "use cache:  remote", "use cache: remote "] {
            assert_eq!(
                of(wrong),
                Err(VariantProblem::Misspelt("use cache: remote".to_owned())),
                "{wrong}"
            );
        }
        assert_eq!(of("use cache:"), Err(VariantProblem::Misspelt("use cache".to_owned())));
    }
}
