//! `next.config` in all its forms, evaluated by a real Node process, and what is said about mistakes in it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ironside_compiler::{
    environment::{Environment, RemoveConsole, Side, read_environment},
    options::Mode,
};
use ironside_diagnostics::render;
use serde_json::json;
use std::collections::BTreeMap;
use support::{Tools, folder};

async fn read(files: &[(&str, &str)]) -> Environment {
    read_with(files, &[]).await
}

async fn read_with(files: &[(&str, &str)], process: &[(&str, &str)]) -> Environment {
    let folder = folder(files);
    // Temporary folders may be links; diagnostics speak of real paths.
    let root = folder.path().canonicalize().unwrap();
    let tools = Tools::start(&root).await;
    let process = process
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    read_environment(&root, Mode::Production, &process, &tools).await
}

fn said(environment: &Environment) -> Vec<String> {
    environment.diagnostics.iter().map(render::plain).collect()
}

#[tokio::test]
async fn an_object_a_function_a_promise_and_every_kind_of_file_will_do() {
    for (name, text) in [
        ("next.config.js", "module.exports = { basePath: '/docs' };"),
        ("next.config.js", "export default { basePath: '/docs' };"),
        ("next.config.cjs", "module.exports = async () => ({ basePath: '/docs' });"),
        (
            "next.config.mjs",
            "export default (phase, { defaultConfig }) => ({ ...defaultConfig, basePath: phase === 'phase-production-build' ? '/docs' : '' });",
        ),
        ("next.config.mjs", "export default Promise.resolve({ basePath: '/docs' });"),
        (
            "next.config.ts",
            "import type { NextConfig } from 'next';\nimport { base } from './config/base';\nconst config: NextConfig = { basePath: base };\nexport default config;",
        ),
        (
            "next.config.ts",
            "import type { NextConfig } from 'next';\nimport { base } from './config/base';\nmodule.exports = { basePath: base } satisfies NextConfig;",
        ),
    ] {
        let environment = read(&[(name, text), ("config/base.ts", "export const base: string = '/docs';")]).await;
        assert_eq!(said(&environment), Vec::<String>::new(), "{name}: {text}");
        assert_eq!(environment.config.base_path, "/docs", "{name}: {text}");
    }
}

#[tokio::test]
async fn directives_of_the_cache_can_be_had_alone() {
    let environment = read(&[("next.config.mjs", "export default { experimental: { useCache: true } };")]).await;
    assert!(environment.settings.use_cache && !environment.config.cache_components);
    assert_eq!(said(&environment), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_configuration_defaults_hold() {
    let environment = read(&[]).await;
    assert_eq!(environment.config, ironside_model::manifest::AppConfig::default());
    assert!(environment.diagnostics.is_empty());
}

#[tokio::test]
async fn options_become_settings() {
    let environment = read(&[(
        "next.config.mjs",
        "export default {
          assetPrefix: 'https://cdn.test/', trailingSlash: true, poweredByHeader: false, compress: false, reactStrictMode: false,
          expireTime: 60, deploymentId: 'v1', htmlLimitedBots: /bot\\d/i, pageExtensions: ['page.tsx', 'ts'], env: { COLOUR: 'red' },
          serverExternalPackages: ['a'], transpilePackages: ['b'], productionBrowserSourceMaps: true,
          images: { qualities: [50] }, cacheLife: { short: { revalidate: 5 } }, generateBuildId: async () => 'build-7',
          compiler: { removeConsole: { exclude: ['error'] }, define: { __FLAG__: true, __NAME__: 'x' } },
          experimental: { authInterrupts: true, staleTimes: { dynamic: 30 }, serverActions: { bodySizeLimit: '2mb', allowedOrigins: ['a.test'] } },
          async headers() { return [{ source: '/x', headers: [{ key: 'x-a', value: 'b' }] }]; },
          async redirects() { return [{ source: '/old', destination: '/new', permanent: true }]; },
          async rewrites() { return { beforeFiles: [{ source: '/a', destination: '/b' }] }; },
        };",
    )])
    .await;
    assert_eq!(said(&environment), Vec::<String>::new());
    let (config, settings) = (&environment.config, &environment.settings);
    assert_eq!(config.asset_prefix, "https://cdn.test");
    assert!(config.trailing_slash && !config.powered_by_header && !config.compress && config.auth_interrupts);
    assert_eq!(config.react_strict_mode, Some(false));
    assert_eq!((config.expire_time, config.action_body_limit), (60, 2 * 1024 * 1024));
    assert_eq!((config.stale_time_dynamic, config.stale_time_static), (30, 300));
    assert_eq!(config.deployment_id.as_deref(), Some("v1"));
    assert_eq!(config.html_limited_bots.as_deref(), Some("bot\\d"));
    assert_eq!(config.action_allowed_origins, ["a.test"]);
    assert_eq!(config.images, json!({ "qualities": [50] }));
    assert_eq!(config.cache_life["short"].revalidate, Some(5));
    assert_eq!(config.cache_life["short"].stale, Some(300));
    assert_eq!(
        config.redirects,
        json!([{ "source": "/old", "destination": "/new", "permanent": true }])
    );
    assert_eq!(
        config.rewrites,
        json!({ "beforeFiles": [{ "source": "/a", "destination": "/b" }], "afterFiles": [], "fallback": [] })
    );
    assert_eq!(settings.page_extensions, ["page.tsx", "ts"]);
    assert_eq!(
        settings.remove_console,
        Some(RemoveConsole {
            exclude: vec!["error".into()]
        })
    );
    assert_eq!(settings.build_id.as_deref(), Some("build-7"));
    let server: BTreeMap<_, _> = environment
        .defines(Side::Server, Mode::Production, &BTreeMap::new())
        .into_iter()
        .collect();
    assert_eq!(server["process.env.COLOUR"], "\"red\"");
    assert_eq!((server["__FLAG__"].as_str(), server["__NAME__"].as_str()), ("true", "\"x\""));
}

#[tokio::test]
async fn the_configuration_sees_variables_of_env_files_and_public_ones_are_inlined() {
    let files = [
        (".env", "NEXT_PUBLIC_NAME=from file\nSECRET=s\nBASE=/b"),
        (
            "next.config.mjs",
            "export default { basePath: process.env.BASE, deploymentId: process.env.NODE_ENV };",
        ),
    ];
    let environment = read_with(&files, &[("NEXT_PUBLIC_OTHER", "from \"process\"")]).await;
    assert_eq!(said(&environment), Vec::<String>::new());
    assert_eq!(environment.config.base_path, "/b");
    assert_eq!(environment.config.deployment_id.as_deref(), Some("production"));
    let process = BTreeMap::from([
        ("NEXT_PUBLIC_OTHER".to_owned(), "from \"process\"".to_owned()),
        ("TOKEN".to_owned(), "t".to_owned()),
    ]);
    let browser: BTreeMap<_, _> = environment
        .defines(Side::Browser, Mode::Production, &process)
        .into_iter()
        .collect();
    assert_eq!(browser["process.env.NEXT_PUBLIC_NAME"], "\"from file\"");
    assert_eq!(browser["process.env.NEXT_PUBLIC_OTHER"], r#""from \"process\"""#);
    assert_eq!(browser["process.env"], "{}");
    let secrets = ["SECRET", "TOKEN", "BASE"].map(|name| format!("process.env.{name}"));
    assert!(secrets.iter().all(|name| !browser.contains_key(name)));
}

#[tokio::test]
async fn mistakes_name_the_key_the_value_and_the_remedy_at_their_line() {
    let environment = read(&[(
        "next.config.mjs",
        "export default {\n  basePath: 'docs/',\n  compres: true,\n  trailingSlash: 'yes',\n  experimental: { serverActions: { bodySizeLimit: 'lots' } },\n  \
         redirects: async () => [{ source: '/a', destination: '/b' }],\n  webpack: (c) => c,\n  output: 'export',\n};\n",
    )])
    .await;
    let lines: Vec<String> = environment
        .diagnostics
        .iter()
        .map(|d| {
            format!(
                "{}:{} {} | {}",
                d.severity.as_str(),
                d.place.as_ref().unwrap().line,
                d.message,
                d.hint.clone().unwrap()
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "warning:3 `compres` is no option of next.config | did you mean `compress`?",
            "warning:7 `webpack` has no effect here: the application is not built with webpack | delete it, or keep it for `next build`",
            "error:2 `basePath` is \"docs/\", and has to be empty or a path that starts with a slash and doesn't end with one | write basePath: '/docs'",
            "error:4 `trailingSlash` is \"yes\", and has to be true or false | write trailingSlash: true",
            "error:8 `output` is \"export\", and has to be absent or 'standalone' | Ironside serves applications; it makes no static export",
            "error:5 `experimental.serverActions.bodySizeLimit` is \"lots\", and has to be a number of bytes from 1, or a size | write bodySizeLimit: '2mb'",
            "error:6 the rule \"/a\" of `redirects` needs `permanent: true` or `permanent: false` | write { source: '/old', destination: '/new', permanent: true }",
        ]
    );
}

#[tokio::test]
async fn every_option_that_does_nothing_is_told_once_and_what_is_the_case_anyway_is_not() {
    let environment = read(&[(
        "next.config.mjs",
        "export default {\n  skipProxyUrlNormalize: true,\n  skipMiddlewareUrlNormalize: true,\n  generateEtags: true,\n  httpAgentOptions: { keepAlive: true },\n  \
         experimental: {\n    proxyClientMaxBodySize: '20mb',\n    proxyTimeout: 1000,\n    dynamicOnHover: true,\n    turbopackMinify: false,\n    \
         serverAction: {},\n    serverActions: { bodySizeLimit: '2mb', allowedOrigin: [] },\n    staleTimes: { dynamc: 3 },\n    validateRSCRequestHeaders: false,\n  },\n};\n",
    )])
    .await;
    let said: Vec<String> = environment
        .diagnostics
        .iter()
        .map(|d| {
            let line = d.place.as_ref().unwrap().line;
            format!("{}:{line} {} | {}", d.severity.as_str(), d.message, d.hint.clone().unwrap())
        })
        .collect();
    let beginnings = [
        "warning:2 `skipProxyUrlNormalize` has no effect here: the proxy always sees the canonical URL",
        "warning:3 `skipMiddlewareUrlNormalize` has no effect here: the proxy always sees the canonical URL",
        "warning:5 `httpAgentOptions` has no effect here",
        "warning:7 `experimental.proxyClientMaxBodySize` has no effect here: a body that the proxy reads is never cut",
        "warning:8 `experimental.proxyTimeout` has no effect here: how long other sites are waited for",
        "warning:9 `experimental.dynamicOnHover` has no effect here",
        "warning:14 `experimental.validateRSCRequestHeaders` has no effect here",
        "warning:11 `experimental.serverAction` is no option of next.config | did you mean `serverActions`?",
        "warning:13 `experimental.staleTimes.dynamc` is no option of next.config | did you mean `dynamic`?",
        "warning:12 `experimental.serverActions.allowedOrigin` is no option of next.config | did you mean `allowedOrigins`?",
    ];
    let mut left = said.clone();
    for beginning in beginnings {
        let at = left.iter().position(|line| line.starts_with(beginning));
        left.remove(at.unwrap_or_else(|| panic!("{beginning:?} is not among {said:#?}")));
    }
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_configuration_that_cannot_be_had_is_told_with_its_place() {
    for (name, text, code, line, words) in [
        ("next.config.mjs", "export default {\n  a: ,\n};\n", "syntax-error", 2, ""),
        ("next.config.ts", "const a: = 1;\nexport default a;\n", "syntax-error", 1, ""),
        (
            "next.config.mjs",
            "const a = 1;\nthrow new Error('no luck');\n",
            "next-config",
            2,
            "no luck",
        ),
        (
            "next.config.ts",
            "type A = {\n  a: 1;\n};\nexport default () => {\n  throw new TypeError('no luck');\n};\n",
            "next-config",
            5,
            "TypeError: no luck",
        ),
        (
            "next.config.mjs",
            "const a = 1;\nimport 'not-there/plugin';\nexport default {};\n",
            "module-not-found",
            2,
            "`not-there`",
        ),
        (
            "next.config.ts",
            "import a from '@not/there';\nexport default a;\n",
            "module-not-found",
            1,
            "`@not/there`",
        ),
        (
            "next.config.cjs",
            "module.exports = require('not-there');\n",
            "module-not-found",
            1,
            "`not-there`",
        ),
        ("next.config.mjs", "export default 7;\n", "next-config", 0, "and is a number"),
        (
            "next.config.mjs",
            "export const config = {};\n",
            "next-config",
            0,
            "and is undefined",
        ),
        (
            "next.config.mjs",
            "export default { async headers() {\n  throw new Error('no headers');\n} };\n",
            "next-config",
            2,
            "no headers",
        ),
    ] {
        let environment = read(&[(name, text)]).await;
        let [diagnostic] = environment.diagnostics.as_slice() else {
            panic!("{:?}", said(&environment))
        };
        let place = diagnostic.place.as_ref().unwrap();
        assert_eq!(
            (diagnostic.code.as_ref(), place.file.as_str(), place.line),
            (code, name, line),
            "{}",
            render::plain(diagnostic)
        );
        assert!(
            diagnostic.message.contains(words) && diagnostic.hint.is_some(),
            "{}",
            render::plain(diagnostic)
        );
    }
}
