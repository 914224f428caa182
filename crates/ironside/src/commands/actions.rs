//! `ironside actions`: every Server Action that can be called from outside, and what is known about it, read from the sources.

use crate::{
    action_listing::{self, SessionNames},
    commands::{Context, build},
    exit::{Exit, Failure},
};
use ironside_compiler::{action_survey, options::Mode};

/// Prints the actions; with `all` also those that nobody outside can call.
pub(crate) async fn run(context: &Context, json: bool, all: bool) -> Result<(), Failure> {
    let progress = context.printer.progress();
    let options = build::options(context, Mode::Production, &progress)?;
    let surveyed = action_survey::survey(&options).await;
    progress.finish();
    let actions = match surveyed {
        Ok(actions) => actions,
        Err(failure) => {
            build::show_failure(context, &failure);
            return Err(Failure::reported(Exit::Application));
        }
    };
    let names = SessionNames::new(context.sources.file.actions.session_checks.as_deref());
    let text = if json {
        action_listing::json(&actions, &names, all)
    } else {
        action_listing::table(&actions, &names, all)
    };
    context.printer.result(&text);
    Ok(())
}
