//! The options of `next.config` that there are, and whether they do anything here. Every one that doesn't is told at build.

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
    "sassOptions",
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
    "staticPageGenerationTimeout",
    "output",
    "partialPrefetching",
    "configOrigin",
    "bundlePagesRouterDependencies",
    "enablePrerenderSourceMaps",
    "optimizePackageImports",
];

/// The same under `experimental`.
const EXPERIMENTAL_USED: &[&str] = &[
    "authInterrupts",
    "cacheComponents",
    "serverActions",
    "staleTimes",
    "useCache",
    "optimizePackageImports",
    "externalDir",
    "serverMinification",
    "serverSourceMaps",
    "isrFlushToDisk",
    "linkNoTouchStart",
    "scrollRestoration",
    "cpus",
    "memoryBasedWorkersCount",
    "workerThreads",
    "parallelServerCompiles",
    "parallelServerBuildTraces",
    "staticGenerationRetryCount",
    "staticGenerationMaxConcurrency",
    "staticGenerationMinPagesPerWorker",
    "devMemoryThresholdRestart",
    "serverComponentsHmrCache",
    "serverComponentsHmrCancellation",
    "useTypeScriptCli",
    "typedEnv",
    "typedRoutes",
    "strictRouteTypes",
    "mcpServer",
    "lockDistDir",
    "useWasmBinary",
    "testProxy",
    "defaultTestRunner",
    "coldCacheBadge",
    "agentUpgrade",
    "agentFeedback",
    "browserDebugInfoInTerminal",
    "slowModuleDetection",
    "turbo",
];

/// Beginnings of names under `experimental` that tune tools which don't run here.
const OF_OTHER_TOOLS: &[&str] = &["turbopack", "webpack", "swc"];

/// Under `experimental`, with a reason of their own.
const EXPERIMENTAL_NO_EFFECT: &[(&str, &str)] = &[
    (
        "proxyClientMaxBodySize",
        "a body that the proxy reads is never cut; how large it may be is `handlers.proxy-body-limit` in ironside.toml",
    ),
    (
        "middlewareClientMaxBodySize",
        "a body that the proxy reads is never cut; how large it may be is `handlers.proxy-body-limit` in ironside.toml",
    ),
    (
        "proxyTimeout",
        "how long other sites are waited for is `rewrites.first-byte-timeout` and `rewrites.idle-timeout` in ironside.toml",
    ),
    ("proxyPrefetch", "the proxy runs for every request that its matcher takes"),
    (
        "middlewarePrefetch",
        "the proxy runs for every request that its matcher takes",
    ),
    (
        "externalProxyRewritesResolve",
        "rewrites of the proxy to other sites are always followed",
    ),
    (
        "externalMiddlewareRewritesResolve",
        "rewrites of the proxy to other sites are always followed",
    ),
    ("caseSensitiveRoutes", "paths of routes always differ by case"),
    ("cacheHandlers", "the cache is Ironside's own"),
    ("cacheLife", "write it beside `experimental`, not in it"),
    ("expireTime", "write it beside `experimental`, not in it"),
    (
        "serverComponentsExternalPackages",
        "write `serverExternalPackages` beside `experimental`",
    ),
    ("taint", "React's taint functions are not part of Ironside"),
    ("globalNotFound", "the file global-not-found is not supported yet"),
    ("ppr", "partial prerendering is not supported yet"),
    (
        "validateRSCRequestHeaders",
        "a request for a payload always has to have the `_rsc` that belongs to its headers",
    ),
    ("mdxRs", "MDX is compiled by the package @mdx-js/mdx of the application"),
    ("sri", "scripts carry no integrity hashes yet"),
];

/// Options of Next.js 16 under `experimental` without anything to say for themselves.
const EXPERIMENTS: &[&str] = &[
    "collapseAdapterRoutes",
    "useSkewCookie",
    "multiZoneDraftMode",
    "appNavFailHandling",
    "parallelRouteMetadata",
    "prerenderEarlyExit",
    "clientParamParsingOrigins",
    "cachedNavigations",
    "dynamicOnHover",
    "reactBrowserBailout",
    "useOffline",
    "optimisticRouting",
    "concurrentRouterQueue",
    "instrumentationClientRouterTransitionEvents",
    "varyParams",
    "prefetchInlining",
    "preloadEntriesOnStart",
    "clientRouterFilter",
    "clientRouterFilterRedirects",
    "clientRouterFilterAllowedRate",
    "exposeTestingApiInProductionBuild",
    "requestInsights",
    "extensionAlias",
    "allowedRevalidateHeaderKeys",
    "fetchCacheKeyPrefix",
    "imgOptConcurrency",
    "imgOptOperationCache",
    "imgOptTimeoutInSeconds",
    "imgOptMaxInputPixels",
    "imgOptSequentialRead",
    "imgOptMozjpeg",
    "optimisticClientCache",
    "manualClientBasePath",
    "cssChunking",
    "disablePostcssPresetEnv",
    "optimizeCss",
    "nextScriptWorkers",
    "disableOptimizedLoading",
    "gzipSize",
    "craCompat",
    "esmExternals",
    "fullySpecified",
    "urlImports",
    "forceSwcTransforms",
    "largePageDataBytes",
    "fallbackNodePolyfills",
    "webVitalsAttribution",
    "optimizeServerReact",
    "transitionIndicator",
    "gestureTransition",
    "clientTraceMetadata",
    "blockingSSR",
    "removeUncaughtErrorAndRejectionListeners",
    "maxPostponedStateSize",
    "disableResumeDataCacheCompression",
    "useLightningcss",
    "lightningCssFeatures",
    "allowDevelopmentBuild",
    "bundlePagesExternals",
    "reactDebugChannel",
    "instantInsights",
    "devValidationWorker",
    "inlineCss",
    "useCacheTimeout",
    "durableUseCacheEntries",
    "useCacheStaticRootParamTracking",
    "explicitParallelRouteChildren",
    "exposeRuntimeErrorsToHMR",
    "hideLogsAfterAbort",
    "runtimeServerDeploymentId",
    "supportsImmutableAssets",
    "deferredEntries",
    "onBeforeDeferredEntries",
    "reportSystemEnvInlining",
    "outputHashSalt",
];
const EXPERIMENT: &str = "it is an experiment of Next.js that Ironside takes no part in";

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
    ("skipMiddlewareUrlNormalize", "the proxy always sees the canonical URL"),
    ("skipProxyUrlNormalize", "the proxy always sees the canonical URL"),
    ("instrumentationClientInject", "use the file instrumentation-client instead"),
    ("supportsImmutableAssets", "hashed assets are always immutable"),
    ("outputHashSalt", "names of assets depend on their content only"),
    ("deprecated", "deprecated behaviour is not kept"),
    (
        "generateEtags",
        "what is kept always has an ETag, and what is made anew for each request has none",
    ),
    ("reactMaxHeadersLength", "pages send no Link headers"),
    ("httpAgentOptions", "connections of `fetch` are kept as Node does it"),
    ("crossOrigin", "scripts are modules, which are always fetched with CORS"),
    (
        "partialPrefetching",
        "it belongs to partial prerendering, which is not supported yet",
    ),
];

fn find(name: &str, used: &[&str], no_effect: &'static [(&'static str, &'static str)]) -> Support {
    if used.contains(&name) {
        return Support::Used;
    }
    no_effect
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(Support::Unknown, |(_, why)| Support::NoEffect(why))
}

/// What becomes of an option.
pub(crate) fn support(name: &str) -> Support {
    find(name, USED, NO_EFFECT)
}

/// What becomes of an option under `experimental`.
pub(crate) fn support_of_experiment(name: &str) -> Support {
    if OF_OTHER_TOOLS.iter().any(|tool| name.starts_with(tool)) {
        return Support::Used;
    }
    if EXPERIMENTS.contains(&name) {
        return Support::NoEffect(EXPERIMENT);
    }
    find(name, EXPERIMENTAL_USED, EXPERIMENTAL_NO_EFFECT)
}

/// The known option that a name is most like, if it is like one at all.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let all = USED.iter().copied().chain(NO_EFFECT.iter().map(|(known, _)| *known));
    nearest_of(name, all)
}

/// The same under `experimental`.
pub(crate) fn nearest_experiment(name: &str) -> Option<&'static str> {
    let all = EXPERIMENTAL_USED.iter().copied().chain(EXPERIMENTS.iter().copied());
    nearest_of(name, all.chain(EXPERIMENTAL_NO_EFFECT.iter().map(|(known, _)| *known)))
}

/// The name of a list that a name is most like.
pub(crate) fn nearest_of(name: &str, all: impl Iterator<Item = &'static str>) -> Option<&'static str> {
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

    #[test]
    fn experiments_are_known_by_their_own_names() {
        assert_eq!(support_of_experiment("serverActions"), Support::Used);
        assert_eq!(support_of_experiment("turbopackMinify"), Support::Used);
        assert!(
            matches!(support_of_experiment("proxyClientMaxBodySize"), Support::NoEffect(why) if why.contains("proxy-body-limit"))
        );
        assert!(matches!(support_of_experiment("dynamicOnHover"), Support::NoEffect(_)));
        assert_eq!(support_of_experiment("serverAction"), Support::Unknown);
        assert_eq!(nearest_experiment("serverAction"), Some("serverActions"));
    }
}
