//! What the values of `next.config` mean: settings for serving ([`AppConfig`]) and for building ([`BuildSettings`]).

use super::{
    alias::{self, Alias},
    byte_size::byte_size,
    config_reader::{ConfigFile, ConfigReader},
    known_keys::{self, Support},
    url_rules,
};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::{AppConfig, CacheLife};
use serde_json::Value;
use std::collections::BTreeMap;

/// What of the configuration concerns the build.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildSettings {
    /// `pageExtensions`, without dots.
    pub page_extensions: Vec<String>,
    /// `env`: inlined as `process.env.NAME`.
    pub env: BTreeMap<String, String>,
    /// `serverExternalPackages`.
    pub server_external_packages: Vec<String>,
    /// `transpilePackages`: never external.
    pub transpile_packages: Vec<String>,
    /// `productionBrowserSourceMaps`.
    pub browser_source_maps: bool,
    /// `compiler.removeConsole`.
    pub remove_console: Option<RemoveConsole>,
    /// `compiler.define`: expressions by name, as JavaScript.
    pub define: BTreeMap<String, String>,
    /// `compiler.defineServer`, for the server's graphs only.
    pub define_server: BTreeMap<String, String>,
    /// The names in `cacheHandlers`: `'use cache: NAME'` may use them.
    pub cache_handlers: Vec<String>,
    /// `turbopack.resolveAlias`.
    pub aliases: Vec<Alias>,
    /// `sassOptions`, as they are.
    pub sass_options: Value,
    /// `experimental.useCache`: directives of the cache without `cacheComponents`.
    pub use_cache: bool,
    /// What `generateBuildId` returned.
    pub build_id: Option<String>,
}

/// `compiler.removeConsole`: calls of `console.*` are dropped, but for these methods.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoveConsole {
    /// Method names.
    pub exclude: Vec<String>,
}

impl Default for BuildSettings {
    fn default() -> Self {
        Self {
            page_extensions: ["tsx", "ts", "jsx", "js"].map(str::to_owned).to_vec(),
            env: BTreeMap::new(),
            server_external_packages: Vec::new(),
            transpile_packages: Vec::new(),
            browser_source_maps: false,
            remove_console: None,
            define: BTreeMap::new(),
            define_server: BTreeMap::new(),
            cache_handlers: Vec::new(),
            aliases: Vec::new(),
            sass_options: Value::Null,
            use_cache: false,
            build_id: None,
        }
    }
}

/// Reads a configuration that has become data. `functions` names options that are functions.
pub(crate) fn interpret(
    value: &Value,
    functions: &[String],
    file: &ConfigFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> (AppConfig, BuildSettings) {
    let reader = ConfigReader {
        value,
        path: String::new(),
        file,
    };
    unknown_keys(&reader, functions, diagnostics);
    let mut app = AppConfig::default();
    let mut build = BuildSettings::default();
    urls(&reader, &mut app, diagnostics);
    switches(&reader, &mut app, diagnostics);
    experimental(&reader, &mut app, diagnostics);
    app.headers = url_rules::headers(&reader, diagnostics);
    app.redirects = url_rules::redirects(&reader, diagnostics);
    app.rewrites = url_rules::rewrites(&reader, diagnostics);
    if let Some(images) = reader.section("images", diagnostics) {
        app.images = images.value.clone();
    }
    if let Some(lives) = reader.section("cacheLife", diagnostics) {
        cache_life(&lives, &mut app, diagnostics);
    }
    build_settings(&reader, &mut build, diagnostics);
    (app, build)
}

fn unknown_keys(reader: &ConfigReader, functions: &[String], diagnostics: &mut Vec<Diagnostic>) {
    // What stands for the default says nothing.
    let is_default = |name: &String| name == "generateEtags" && reader.value.get(name) == Some(&Value::Bool(true));
    let names = reader.names().chain(functions.iter().filter(|name| !name.contains('.')));
    for name in names.filter(|name| !is_default(name)) {
        warn_of(
            reader,
            name,
            known_keys::support(name),
            known_keys::nearest(name),
            diagnostics,
        );
    }
}

/// One warning for an option that does nothing.
pub(super) fn warn_of(
    reader: &ConfigReader,
    name: &str,
    support: Support,
    nearest: Option<&str>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let whole = reader.named(name);
    let (message, hint) = match support {
        Support::Used => return,
        Support::NoEffect(why) => (
            format!("`{whole}` has no effect here: {why}"),
            "delete it, or keep it for `next build`".to_owned(),
        ),
        Support::Unknown => {
            let hint = nearest.map_or_else(|| "delete it".to_owned(), |near| format!("did you mean `{near}`?"));
            (format!("`{whole}` is no option of next.config"), hint)
        }
    };
    let diagnostic = Diagnostic::warning("next-config-option", message).hint(hint);
    diagnostics.push(reader.file.at_key(diagnostic, name));
}

/// Warns of names in a section that has only these.
fn only(section: &ConfigReader, known: &'static [&'static str], diagnostics: &mut Vec<Diagnostic>) {
    for name in section.names().filter(|name| !known.contains(&name.as_str())) {
        warn_of(
            section,
            name,
            Support::Unknown,
            known_keys::nearest_of(name, known.iter().copied()),
            diagnostics,
        );
    }
}

fn urls(reader: &ConfigReader, app: &mut AppConfig, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(path) = reader.text("basePath", diagnostics) {
        if path.is_empty() || path.starts_with('/') && !path.ends_with('/') && !path.contains("//") && !path.contains(['?', '#'])
        {
            path.clone_into(&mut app.base_path);
        } else {
            let bare = path.trim_matches('/');
            reader.wrong(
                "basePath",
                "empty or a path that starts with a slash and doesn't end with one",
                &format!("write basePath: '/{bare}'"),
                diagnostics,
            );
        }
    }
    if let Some(prefix) = reader.text("assetPrefix", diagnostics) {
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() || prefix.starts_with('/') || prefix.starts_with("http://") || prefix.starts_with("https://") {
            prefix.clone_into(&mut app.asset_prefix);
        } else {
            reader.wrong(
                "assetPrefix",
                "a URL or a path that starts with a slash",
                "write assetPrefix: 'https://cdn.example.com'",
                diagnostics,
            );
        }
    }
    app.trailing_slash = reader.bool("trailingSlash", diagnostics).unwrap_or(app.trailing_slash);
    app.skip_trailing_slash_redirect = reader
        .bool("skipTrailingSlashRedirect", diagnostics)
        .unwrap_or(app.skip_trailing_slash_redirect);
}

fn switches(reader: &ConfigReader, app: &mut AppConfig, diagnostics: &mut Vec<Diagnostic>) {
    app.powered_by_header = reader.bool("poweredByHeader", diagnostics).unwrap_or(app.powered_by_header);
    app.compress = reader.bool("compress", diagnostics).unwrap_or(app.compress);
    app.react_strict_mode = reader.bool("reactStrictMode", diagnostics);
    app.cache_components = reader.bool("cacheComponents", diagnostics).unwrap_or(app.cache_components);
    app.expire_time = reader.seconds("expireTime", diagnostics).unwrap_or(app.expire_time);
    app.deployment_id = reader
        .text("deploymentId", diagnostics)
        .filter(|id| !id.is_empty())
        .map(str::to_owned);
    app.html_limited_bots = reader.text("htmlLimitedBots", diagnostics).map(str::to_owned);
    if reader.get("output").and_then(Value::as_str) == Some("export") {
        reader.wrong(
            "output",
            "absent or 'standalone'",
            "Ironside serves applications; it makes no static export",
            diagnostics,
        );
    }
}

fn experimental(reader: &ConfigReader, app: &mut AppConfig, diagnostics: &mut Vec<Diagnostic>) {
    let Some(experimental) = reader.section("experimental", diagnostics) else {
        return;
    };
    // What stands for the default says nothing.
    let is_default =
        |name: &String| name == "validateRSCRequestHeaders" && experimental.value.get(name) == Some(&Value::Bool(true));
    for name in experimental.names().filter(|name| !is_default(name)) {
        let support = known_keys::support_of_experiment(name);
        warn_of(
            &experimental,
            name,
            support,
            known_keys::nearest_experiment(name),
            diagnostics,
        );
    }
    app.auth_interrupts = experimental
        .bool("authInterrupts", diagnostics)
        .unwrap_or(app.auth_interrupts);
    if let Some(flag) = experimental.bool("cacheComponents", diagnostics) {
        app.cache_components |= flag;
    }
    if let Some(times) = experimental.section("staleTimes", diagnostics) {
        let small =
            |seconds: Option<u64>, default: u32| seconds.map_or(default, |seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
        only(&times, &["dynamic", "static"], diagnostics);
        app.stale_time_dynamic = small(times.seconds("dynamic", diagnostics), app.stale_time_dynamic);
        app.stale_time_static = small(times.seconds("static", diagnostics), app.stale_time_static);
        if let Some(life) = app.cache_life.get_mut("default") {
            life.stale = Some(u64::from(app.stale_time_static));
        }
    }
    let Some(actions) = experimental.section("serverActions", diagnostics) else {
        return;
    };
    only(&actions, &["bodySizeLimit", "allowedOrigins"], diagnostics);
    if let Some(limit) = actions.get("bodySizeLimit") {
        match byte_size(limit) {
            Some(bytes) => app.action_body_limit = bytes,
            None => actions.wrong(
                "bodySizeLimit",
                "a number of bytes from 1, or a size",
                "write bodySizeLimit: '2mb'",
                diagnostics,
            ),
        }
    }
    app.action_allowed_origins = actions.texts("allowedOrigins", diagnostics).unwrap_or_default();
}

/// Profiles are merged over those that are built in; a field that isn't given is taken from `default`.
fn cache_life(lives: &ConfigReader, app: &mut AppConfig, diagnostics: &mut Vec<Diagnostic>) {
    for name in lives.names() {
        let Some(life) = lives.section(name, diagnostics) else {
            continue;
        };
        let base = app.cache_life.get(name).or_else(|| app.cache_life.get("default")).copied();
        let base = base.unwrap_or(CacheLife {
            stale: None,
            revalidate: None,
            expire: None,
        });
        let merged = CacheLife {
            stale: life.seconds("stale", diagnostics).or(base.stale),
            revalidate: life.seconds("revalidate", diagnostics).or(base.revalidate),
            expire: life.seconds("expire", diagnostics).or(base.expire),
        };
        if let (Some(revalidate), Some(expire)) = (merged.revalidate, merged.expire)
            && revalidate > expire
            && life.get("expire").is_some()
        {
            life.wrong(
                "expire",
                &format!("no shorter than `revalidate`, which is {revalidate}"),
                "make `expire` longer or `revalidate` shorter",
                diagnostics,
            );
        }
        app.cache_life.insert(name.clone(), merged);
    }
}

fn build_settings(reader: &ConfigReader, build: &mut BuildSettings, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(extensions) = reader.texts("pageExtensions", diagnostics) {
        let valid = !extensions.is_empty()
            && extensions
                .iter()
                .all(|extension| !extension.is_empty() && !extension.starts_with('.'));
        if valid {
            build.page_extensions = extensions;
        } else {
            reader.wrong(
                "pageExtensions",
                "a list of extensions without a dot in front",
                "write pageExtensions: ['tsx', 'ts']",
                diagnostics,
            );
        }
    }
    if let Some(handlers) = reader.section("cacheHandlers", diagnostics) {
        build.cache_handlers = handlers.names().cloned().collect();
    }
    if let Some(experimental) = reader.section("experimental", diagnostics) {
        build.use_cache = experimental.bool("useCache", diagnostics).unwrap_or(false);
    }
    if let Some(sass) = reader.section("sassOptions", diagnostics) {
        build.sass_options = sass.value.clone();
    }
    build.aliases = alias::read(reader, diagnostics);
    build.env = texts_by_name(reader, "env", diagnostics);
    reserved_names(reader, &build.env, diagnostics);
    build.server_external_packages = reader.texts("serverExternalPackages", diagnostics).unwrap_or_default();
    build.transpile_packages = reader.texts("transpilePackages", diagnostics).unwrap_or_default();
    if let Some(both) = build
        .server_external_packages
        .iter()
        .find(|name| build.transpile_packages.contains(name))
    {
        let hint = "a package is either bundled or external: delete it from one of the lists";
        reader.wrong(
            "serverExternalPackages",
            &format!("without \"{both}\", which is in `transpilePackages` too"),
            hint,
            diagnostics,
        );
    }
    build.browser_source_maps = reader.bool("productionBrowserSourceMaps", diagnostics).unwrap_or(false);
    build.build_id = reader.text("generateBuildId", diagnostics).map(str::to_owned);
    if let Some(compiler) = reader.section("compiler", diagnostics) {
        build.remove_console = remove_console(&compiler, diagnostics);
        build.define = expressions(&compiler, "define", diagnostics);
        build.define_server = expressions(&compiler, "defineServer", diagnostics);
    }
}

fn texts_by_name(reader: &ConfigReader, name: &str, diagnostics: &mut Vec<Diagnostic>) -> BTreeMap<String, String> {
    let Some(section) = reader.section(name, diagnostics) else {
        return BTreeMap::new();
    };
    section
        .names()
        .filter_map(|key| Some((key.clone(), section.text(key, diagnostics)?.to_owned())))
        .collect()
}

/// These are set by the build itself.
fn reserved_names(reader: &ConfigReader, env: &BTreeMap<String, String>, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(name) = env
        .keys()
        .find(|name| name.starts_with("NODE_") || name.starts_with("__") || *name == "NEXT_RUNTIME")
    {
        reader.wrong(
            "env",
            &format!("without \"{name}\", which is not the application's to set"),
            "choose another name for the variable",
            diagnostics,
        );
    }
}

fn remove_console(compiler: &ConfigReader, diagnostics: &mut Vec<Diagnostic>) -> Option<RemoveConsole> {
    match compiler.get("removeConsole")? {
        Value::Bool(on) => on.then(RemoveConsole::default),
        Value::Object(_) => {
            let section = compiler.section("removeConsole", diagnostics)?;
            Some(RemoveConsole {
                exclude: section.texts("exclude", diagnostics).unwrap_or_default(),
            })
        }
        _ => {
            compiler.wrong(
                "removeConsole",
                "true, false or an object with `exclude`",
                "write removeConsole: { exclude: ['error'] }",
                diagnostics,
            );
            None
        }
    }
}

/// Values that take the place of names in the source: strings become string literals.
fn expressions(compiler: &ConfigReader, name: &str, diagnostics: &mut Vec<Diagnostic>) -> BTreeMap<String, String> {
    let Some(section) = compiler.section(name, diagnostics) else {
        return BTreeMap::new();
    };
    let mut found = BTreeMap::new();
    for key in section.names() {
        match section.get(key) {
            Some(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
                found.insert(key.clone(), value.to_string());
            }
            _ => section.wrong(key, "a string, a number or a boolean", "write the value itself", diagnostics),
        }
    }
    found
}
