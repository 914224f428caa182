//! `ironside build`: the compiler with a person, or a program that reads JSON, in front of it.

use crate::{
    commands::Context,
    exit::{Exit, Failure},
    prerendering,
    printer::Progress,
    route_listing, runtime_folder,
    tools::Tools,
};
use ironside_compiler::{
    build::{Unpublished, build, build_aside},
    error::BuildFailure,
    options::{BuildOptions, Mode},
    report::BuildReport,
};
use ironside_diagnostics::{Diagnostic, render};
use std::{num::NonZeroUsize, sync::Arc, thread::available_parallelism, time::Instant};

/// Builds for production and prints the routes.
pub(crate) async fn run(context: &Context, json: bool, prerender: bool) -> Result<(), Failure> {
    let began = Instant::now();
    let outcome = compile_aside(context, Mode::Production).await?;
    match outcome {
        Ok((report, unpublished)) => {
            if !json {
                show_diagnostics(context, &report.warnings);
            }
            let made = match prerender {
                true => Some(prerendering::prerender(context, &report).await?),
                false => None,
            };
            if let Some(made) = made.as_ref().filter(|made| !made.failures.is_empty()) {
                return Err(prerendering::failed(context, made, json));
            }
            let mut manifest = report.manifest.clone();
            manifest.prerendered = made.as_ref().map(|made| made.files.clone());
            let folder = match unpublished.publish(Some(&manifest)) {
                Ok(folder) => folder,
                Err(failure) => {
                    show_failure(context, &failure);
                    return Err(Failure::reported(Exit::Environment));
                }
            };
            let report = BuildReport {
                folder,
                manifest,
                ..report
            };
            if json {
                context.printer.result(&route_listing::report_json(&report, made.as_ref()));
                return Ok(());
            }
            context.printer.result(&route_listing::report_table(&report, made.as_ref()));
            context
                .printer
                .done(&format!("Built in {:.1} s", began.elapsed().as_secs_f32()));
        }
        Err(failure) => {
            if json {
                context.printer.result(&format!(
                    "{:#}",
                    serde_json::json!({ "errors": failure.diagnostics.as_slice() })
                ));
            } else {
                show_failure(context, &failure);
            }
            return Err(Failure::reported(Exit::Application));
        }
    }
    Ok(())
}

/// One build. The outer error is about our surroundings, the inner one about the application.
pub(crate) async fn compile(context: &Context, mode: Mode) -> Result<Result<BuildReport, BuildFailure>, Failure> {
    let progress = context.printer.progress();
    let outcome = build(&options(context, mode, &progress)?).await;
    progress.finish();
    Ok(outcome)
}

/// The same with the build beside the one before it.
async fn compile_aside(context: &Context, mode: Mode) -> Result<Result<(BuildReport, Unpublished), BuildFailure>, Failure> {
    let progress = context.printer.progress();
    let outcome = build_aside(&options(context, mode, &progress)?).await;
    progress.finish();
    Ok(outcome)
}

/// What the compiler is told.
pub(crate) fn options(context: &Context, mode: Mode, progress: &Progress) -> Result<BuildOptions, Failure> {
    let dot = context.dot_ironside();
    let laid_out = match &context.runtime_source {
        Some(repository) => runtime_folder::lay_out_from(repository, &dot),
        None => runtime_folder::lay_out(&dot),
    };
    let runtime_dir = laid_out.map_err(|error| {
        Failure::new(Exit::Environment, format!("{} can't be written", dot.display()))
            .because(error)
            .hint("the build needs to write into the application's folder")
    })?;
    let mut env = context.sources.env.clone();
    env.insert("NODE_ENV".into(), mode.node_env().into());
    let tools = Tools::new(
        context.node.clone(),
        context.dir.clone(),
        runtime_dir.clone(),
        dot.join("cache"),
        env.clone(),
    );
    let progress = progress.clone();
    Ok(BuildOptions {
        root: context.dir.clone(),
        runtime_dir,
        mode,
        process_env: env,
        tools: Arc::new(tools),
        progress: Arc::new(move |step| progress.step(step.text())),
        threads: available_parallelism().map_or(1, NonZeroUsize::get),
    })
}

/// Errors and warnings with their frames, and how many there are.
pub(crate) fn show_failure(context: &Context, failure: &BuildFailure) {
    show_diagnostics(context, failure.diagnostics.as_slice());
    let (errors, warnings) = failure.diagnostics.count();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let warned = if warnings > 0 {
        format!(", {warnings} warning{}", plural(warnings))
    } else {
        String::new()
    };
    context
        .printer
        .raw(&format!("The build failed: {errors} error{}{warned}", plural(errors)));
}

/// Each with its frame.
pub(crate) fn show_diagnostics(context: &Context, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let text = if context.printer.colour() {
            render::colored(diagnostic)
        } else {
            render::plain(diagnostic)
        };
        context.printer.raw(&format!("{}\n", text.trim_end()));
    }
}
