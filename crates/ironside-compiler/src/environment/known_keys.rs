//! The options of `next.config` that there are, and whether they do anything here.

/// What becomes of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// It is read, or stands for what is the case anyway.
    Used,
    /// It is an option of Next.js that means nothing to Ironside.
    NoEffect(&'static str),
    /// There is no such option.
    Unknown,
}

/// Read, or true anyway, or only of interest to other tools.
const USED: &[&str] = &[
    "allowedDevOrigins",
    "assetPrefix",
    "basePath",
    "cacheComponents",
    "cacheLife",
    "compiler",
    "compress",
    "deploymentId",
    "env",
    "experimental",
    "expireTime",
    "generateBuildId",
    "headers",
    "htmlLimitedBots",
    "images",
    "pageExtensions",
    "poweredByHeader",
    "productionBrowserSourceMaps",
    "reactStrictMode",
    "redirects",
    "rewrites",
    "serverExternalPackages",
    "trailingSlash",
    "skipTrailingSlashRedirect",
    "transpilePackages",
    "typescript",
    "typedRoutes",
    "agentRules",
    "cleanDistDir",
    "devIndicators",
    "logging",
    "onDemandEntries",
    "outputFileTracingRoot",
    "outputFileTracingExcludes",
    "outputFileTracingIncludes",
    "turbopack",
    "watchOptions",
    "target",
    "reactMaxHeadersLength",
    "generateEtags",
    "staticPageGenerationTimeout",
    "output",
    "partialPrefetching",
    "configOrigin",
    "bundlePagesRouterDependencies",
    "enablePrerenderSourceMaps",
    "optimizePackageImports",
    "httpAgentOptions",
    "crossOrigin",
];

const NO_EFFECT: &[(&str, &str)] = &[
    ("webpack", "the application is not built with webpack"),
    ("distDir", "builds are in .ironside/build"),
    ("i18n", "it belongs to the Pages Router"),
    ("exportPathMap", "it belongs to the Pages Router"),
    ("useFileSystemPublicRoutes", "it belongs to the Pages Router"),
    ("cacheHandler", "the cache is Ironside's own"),
    ("cacheHandlers", "the cache is Ironside's own"),
    ("cacheMaxMemorySize", "the size of the cache is a setting of the server"),
    ("adapterPath", "there are no deployment adapters"),
    ("modularizeImports", "unused parts of packages are left out anyway"),
    ("excludeDefaultMomentLocales", "packages are bundled as they are"),
    ("reactProductionProfiling", "React's profiling build is not part of Ironside"),
    ("reactCompiler", "the React Compiler is not part of Ironside"),
    ("sassOptions", "Sass is not supported yet"),
    ("skipMiddlewareUrlNormalize", "the proxy always sees the canonical URL"),
    ("skipProxyUrlNormalize", "the proxy always sees the canonical URL"),
    ("instrumentationClientInject", "use the file instrumentation-client instead"),
    ("supportsImmutableAssets", "hashed assets are always immutable"),
    ("outputHashSalt", "names of assets depend on their content only"),
    ("deprecated", "deprecated behaviour is not kept"),
];

pub(crate) fn support(name: &str) -> Support {
    if USED.contains(&name) {
        return Support::Used;
    }
    NO_EFFECT
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(Support::Unknown, |(_, why)| Support::NoEffect(why))
}

/// The known option that a name is most like, if it is like one at all.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let all = USED.iter().copied().chain(NO_EFFECT.iter().map(|(known, _)| *known));
    let lower = name.to_ascii_lowercase();
    all.map(|known| (distance(&lower, &known.to_ascii_lowercase()), known))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, known)| known)
}

/// How many letters have to be added, taken or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        assert_eq!(nearest("basepath"), Some("basePath"));
        assert_eq!(nearest("rewirtes"), Some("rewrites"));
        assert_eq!(nearest("serverExternalPackage"), Some("serverExternalPackages"));
        assert_eq!(nearest("somethingElse"), None);
        assert_eq!(support("basePath"), Support::Used);
        assert!(matches!(support("webpack"), Support::NoEffect(_)));
    }
}
