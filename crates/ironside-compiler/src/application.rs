//! What a build knows before it bundles: the configuration, the routes, and what the graphs are to be made from.

use crate::{
    app_dir::{AppDir, AppInput, discover, list_files},
    build::DOT_FOLDER,
    bundle::Plan,
    dynamic_import::PathAlias,
    emit::BuildFile,
    environment::{Environment, Side, read_environment},
    error::BuildFailure,
    external::Externals,
    file_key::FileKeys,
    graph::{GraphKind, GraphSettings},
    mdx::MdxCompiler,
    options::BuildOptions,
    package::{NODE_MODULES, Packages},
    plugin::CacheSettings,
    plugin::Stubs,
    style::{StyleCompiler, StyleOptions},
};
use ironside_diagnostics::Diagnostic;
use ironside_model::{manifest::AppConfig, react_version};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// From this many threads on the client graphs are made at once.
const PARALLEL_THREADS: usize = 4;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) root: PathBuf,
    pub(crate) found: AppDir,
    pub(crate) config: AppConfig,
    /// What `generateBuildId` says.
    pub(crate) build_id: Option<String>,
    /// React's version.
    pub(crate) react: String,
    pub(crate) plan: Plan,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) watched: BTreeSet<PathBuf>,
}

/// Reads everything that comes before bundling.
pub(crate) async fn read(options: &BuildOptions) -> Result<Application, BuildFailure> {
    let root = fs::canonicalize(&options.root).map_err(|error| {
        Diagnostic::error(
            "no-application",
            format!("{} cannot be opened: {error}", options.root.display()),
        )
        .hint("name the folder of an application: one with an `app` or `src/app` folder in it")
    })?;
    let runtime_dir = fs::canonicalize(&options.runtime_dir).map_err(|error| {
        Diagnostic::error(
            "no-runtime",
            format!(
                "the runtime folder {} cannot be opened: {error}",
                options.runtime_dir.display()
            ),
        )
    })?;
    let environment = read_environment(&root, options.mode, &options.process_env, options.tools.as_ref()).await;
    let files = list_files(&root)?;
    let found = discover(AppInput {
        app: &files.app,
        files: &files.files,
        page_extensions: &environment.settings.page_extensions,
        cache_components: environment.config.cache_components,
        read: &|file| fs::read(root.join(file)),
    });
    let diagnostics = environment
        .diagnostics
        .iter()
        .chain(&files.warnings)
        .chain(&found.diagnostics)
        .cloned();
    let watched = environment.watched.iter().cloned().chain(files.folders).collect();
    let failure = BuildFailure {
        diagnostics: diagnostics.collect(),
        watched,
    };
    if failure.diagnostics.has_errors() {
        return Err(failure);
    }
    let plan = plan(&root, &runtime_dir, options, &environment, &found);
    Ok(Application {
        react: react_version(&runtime_dir)?,
        warnings: failure.diagnostics.into_iter().collect(),
        config: environment.config,
        build_id: environment.settings.build_id,
        root,
        found,
        plan,
        watched: failure.watched,
    })
}

fn plan(root: &Path, runtime_dir: &Path, options: &BuildOptions, environment: &Environment, found: &AppDir) -> Plan {
    let packages = Arc::new(Packages::default());
    let build_folder = root.join(DOT_FOLDER).join("build");
    let (config, settings) = (&environment.config, &environment.settings);
    let prefix = if config.asset_prefix.is_empty() {
        &config.base_path
    } else {
        &config.asset_prefix
    };
    let keys = FileKeys::new(root.to_path_buf(), Arc::clone(&packages));
    let mut style_env = environment.env_files.values.clone();
    style_env.insert("NODE_ENV".into(), options.mode.node_env().into());
    let mdx = MdxCompiler {
        root: root.to_path_buf(),
        keys: keys.clone(),
        tools: Arc::clone(&options.tools),
        env: style_env.clone(),
    };
    let styles = StyleOptions {
        root: root.to_path_buf(),
        keys: keys.clone(),
        packages: Arc::clone(&packages),
        tools: Arc::clone(&options.tools),
        sass: environment.settings.sass_options.clone(),
        env: style_env,
        minify: !options.mode.is_development(),
    };
    Plan {
        settings: GraphSettings {
            root: root.to_path_buf(),
            runtime_dir: runtime_dir.to_path_buf(),
            mode: options.mode,
            server_define: environment.defines(Side::Server, options.mode, &options.process_env),
            browser_define: environment.defines(Side::Browser, options.mode, &options.process_env),
            browser_source_maps: settings.browser_source_maps,
            build_folder: build_folder.clone(),
        },
        keys,
        externals: Arc::new(Externals::new(
            root.to_path_buf(),
            build_folder.join(GraphKind::Rsc.folder()),
            settings.server_external_packages.iter().cloned().collect(),
            settings.transpile_packages.iter().cloned().collect(),
            packages,
        )),
        stubs: Arc::new(Stubs::new(
            prefix.clone(),
            config.base_path.clone(),
            StyleCompiler::new(styles),
            mdx,
        )),
        modules: found.modules().cloned().collect(),
        instrumentation_client: found.instrumentation_client.clone(),
        cache: CacheSettings {
            enabled: config.cache_components || settings.use_cache,
            handlers: settings.cache_handlers.clone(),
        },
        path_aliases: PathAlias::read(root).into(),
        aliases: settings.aliases.clone().into(),
        remove_console: settings.remove_console.clone().filter(|_| !options.mode.is_development()),
        parallel: options.threads >= PARALLEL_THREADS,
    }
}

impl Application {
    /// Adds to a failure what is known apart from it.
    pub(crate) fn add_to(&self, failure: BuildFailure) -> BuildFailure {
        let mut all = BuildFailure::new(failure.diagnostics.into_iter().chain(self.warnings.iter().cloned()));
        all.watched = failure.watched.into_iter().chain(self.watched.iter().cloned()).collect();
        all
    }

    /// The files that are served as they are.
    pub(crate) fn copies(&self) -> Result<Vec<BuildFile>, Diagnostic> {
        let copy = |(file, to): (&String, &str)| {
            let content = fs::read(self.root.join(file)).map_err(|error| {
                Diagnostic::error("unreadable-file", format!("the file cannot be read: {error}")).at_file(file)
            })?;
            Ok(BuildFile {
                path: to.to_owned(),
                content,
                public: false,
            })
        };
        self.found.copies().map(copy).collect()
    }
}

fn react_version(runtime_dir: &Path) -> Result<String, Diagnostic> {
    let package = Packages::default().at(&runtime_dir.join(NODE_MODULES).join("react"), "react");
    if package.json.is_null() {
        let message = format!("the runtime folder {} has no React", runtime_dir.display());
        return Err(Diagnostic::error("no-runtime", message).hint("delete the folder `.ironside/runtime` and build again"));
    }
    if !react_version::is_safe(&package.version) {
        let message = format!(
            "React {} has known security holes; {} is the first version without",
            package.version,
            react_version::FIRST_SAFE
        );
        return Err(Diagnostic::error("vulnerable-react", message).hint("delete the folder `.ironside/runtime` and build again"));
    }
    Ok(package.version.clone())
}
