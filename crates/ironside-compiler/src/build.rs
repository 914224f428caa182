//! A build, as the list of its phases.

use crate::{
    app_dir::AppDir,
    application::{self, Application},
    bundle::{self, Graphs},
    emit::{BuildFile, WrittenFile, chunks, folder::BuildFolder, manifest, size},
    error::BuildFailure,
    graph::GraphKind,
    options::BuildOptions,
    report::{BuildReport, Progress},
    stylesheets::{self, Stylesheets},
};
use ironside_diagnostics::{Diagnostic, Diagnostics};
use ironside_model::manifest::Manifest;
use std::{collections::BTreeSet, path::PathBuf};

/// The manifest's file in the build folder.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The folder of everything that Ironside writes, in the application's folder.
pub const DOT_FOLDER: &str = ".ironside";

/// Builds an application: reads it, bundles its graphs, compiles its styles and writes the build folder.
///
/// # Errors
/// Everything that is wrong with the application, with places and remedies. The build before it stays as it was.
pub async fn build(options: &BuildOptions) -> Result<BuildReport, BuildFailure> {
    let (mut report, unpublished) = build_aside(options).await?;
    report.folder = unpublished.publish(None)?;
    Ok(report)
}

/// A build that stands beside the one before it, complete but for what its own code may add: prerendered answers.
#[derive(Debug)]
pub struct Unpublished(BuildFolder);

impl Unpublished {
    /// Puts it in the place of the build before, with another manifest if one is given.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn publish(self, manifest: Option<&Manifest>) -> Result<PathBuf, BuildFailure> {
        if let Some(manifest) = manifest {
            write_manifest(&self.0, manifest)?;
        }
        Ok(self.0.publish()?)
    }
}

/// [`build`] up to the point where the build takes the place of the one before it; until then `folder` of the report is
/// where it stands.
///
/// # Errors
/// As [`build`].
pub async fn build_aside(options: &BuildOptions) -> Result<(BuildReport, Unpublished), BuildFailure> {
    let progress = |step| (options.progress)(step);
    progress(Progress::Reading);
    let app = application::read(options).await?;
    match build_application(options, &app, progress).await {
        Ok(built) => Ok(built),
        Err(failure) => Err(app.add_to(failure)),
    }
}

async fn build_application(
    options: &BuildOptions,
    app: &Application,
    progress: impl Fn(Progress),
) -> Result<(BuildReport, Unpublished), BuildFailure> {
    progress(Progress::Server);
    let graphs = bundle::bundle(&app.plan, || progress(Progress::Client)).await?;
    progress(Progress::Styles);
    let styles = stylesheets::compile(app, &graphs).await?;
    progress(Progress::Writing);
    let parts = manifest::Parts {
        app: &app.found,
        config: app.config.clone(),
        react: app.react.clone(),
        externals: app.plan.externals.used(),
        styles: &|modules| styles.urls(modules),
        fonts: &|modules| styles.fonts(modules),
    };
    let manifest = manifest::assemble(&graphs, parts)?;
    let mut watched = app.watched.clone();
    watched.extend(styles.watched.iter().cloned());
    for graph in [&graphs.rsc, &graphs.ssr, &graphs.browser] {
        watched.extend(graph.output.watched.iter().map(PathBuf::from));
    }
    let warnings = all_warnings(app, &graphs, &styles);
    let (manifest, written, unpublished) = write(options, app, graphs, styles, manifest)?;
    let (sizes, shared_bytes) = size::sizes(&manifest, &written);
    let watched: BTreeSet<PathBuf> = watched.into_iter().filter(|file| file.is_absolute()).collect();
    let report = BuildReport {
        manifest,
        folder: unpublished.path().to_path_buf(),
        warnings,
        sizes,
        shared_bytes,
        watched,
    };
    Ok((report, Unpublished(unpublished)))
}

fn all_warnings(app: &Application, graphs: &Graphs, styles: &Stylesheets) -> Vec<Diagnostic> {
    let of_graphs = [&graphs.rsc, &graphs.ssr, &graphs.browser]
        .into_iter()
        .flat_map(|graph| &graph.warnings);
    let all = app.warnings.iter().chain(of_graphs).chain(&styles.warnings).cloned();
    all.collect::<Diagnostics>().into_iter().collect()
}

fn write(
    options: &BuildOptions,
    app: &Application,
    graphs: Graphs,
    styles: Stylesheets,
    mut manifest: Manifest,
) -> Result<(Manifest, Vec<WrittenFile>, BuildFolder), Diagnostic> {
    let folder = BuildFolder::prepare(&app.root.join(DOT_FOLDER), !options.mode.is_development())?;
    let public_maps = app.plan.settings.browser_source_maps;
    let mut files = app.copies()?;
    for (kind, graph) in [
        (GraphKind::Rsc, graphs.rsc),
        (GraphKind::Ssr, graphs.ssr),
        (GraphKind::Browser, graphs.browser),
    ] {
        files.extend(chunks::files(kind, graph.output, public_maps));
    }
    let media = app.plan.stubs.media().into_values();
    files.extend(media.map(|file| BuildFile {
        path: file.path,
        content: file.content,
        public: true,
    }));
    files.extend(styles.into_files());
    // Modules and stylesheets may refer to the same picture.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    let written = folder.write(&files, options.threads)?;
    manifest::complete(&mut manifest, &written);
    if let Some(id) = &app.build_id {
        manifest.build.clone_from(id);
    }
    write_manifest(&folder, &manifest)?;
    Ok((manifest, written, folder))
}

fn write_manifest(folder: &BuildFolder, manifest: &Manifest) -> Result<(), Diagnostic> {
    let content = serde_json::to_vec(manifest)
        .map_err(|error| Diagnostic::error("internal", format!("the manifest cannot be written: {error}")))?;
    let file = BuildFile {
        path: MANIFEST_FILE.into(),
        content,
        public: false,
    };
    folder.write(&[file], 1).map(drop)
}

/// Reads what an application answers, without bundling anything.
///
/// # Errors
/// What is wrong with its structure or configuration.
pub async fn discover_routes(options: &BuildOptions) -> Result<AppDir, BuildFailure> {
    Ok(application::read(options).await?.found)
}
