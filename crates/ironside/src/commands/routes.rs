//! `ironside routes`: what an application answers, read from its sources.

use crate::{
    commands::{Context, build},
    exit::{Exit, Failure},
    route_listing,
};
use ironside_compiler::{build::discover_routes, options::Mode};
use ironside_server::Phase;

/// Prints the routes, or the phases that every request passes.
pub(crate) async fn run(context: &Context, json: bool, phases: bool) -> Result<(), Failure> {
    if phases {
        let names = Phase::ALL.iter().map(|phase| phase.name());
        let text = if json {
            format!("{:#}", serde_json::json!(names.collect::<Vec<_>>()))
        } else {
            names.collect::<Vec<_>>().join("\n")
        };
        context.printer.result(&text);
        return Ok(());
    }
    let options = build::options(context, Mode::Production, &context.printer.progress())?;
    let app = match discover_routes(&options).await {
        Ok(app) => app,
        Err(failure) => {
            build::show_failure(context, &failure);
            return Err(Failure::reported(Exit::Application));
        }
    };
    let text = if json {
        route_listing::json(&app.routes, &app.segments)
    } else {
        route_listing::table(&app.routes, &app.segments)
    };
    context.printer.result(&text);
    Ok(())
}
