//! Every server function of an application, and what is known about it without running anything. The graphs are made as for a
//! build, because who can call an action is known only from what is really sent to browsers; nothing is written.

use crate::{
    application,
    bundle::{self, Graphs},
    directive::evidence::Evidence,
    error::BuildFailure,
    file_key::FileKeys,
    options::BuildOptions,
    report::Progress,
    usage,
};
use ironside_model::manifest::{ActionId, ActionOptions, FileKey, Reach};

pub use crate::usage::referrers::{Referrer, ReferrerSide};

/// A server function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedAction {
    /// What clients call it by.
    pub id: ActionId,
    /// The name in the source.
    pub name: String,
    /// The source.
    pub file: FileKey,
    /// Line of the function, from 1.
    pub line: u32,
    /// Column of the function, from 1.
    pub column: u32,
    /// Whether it is written inline.
    pub inline: bool,
    /// Whether it captures values of the functions around it.
    pub captures: bool,
    /// Why it can be called from outside; empty if it can't be.
    pub reach: Vec<Reach>,
    /// The files through which it can be called.
    pub referrers: Vec<Referrer>,
    /// What `createAction` is told that concerns the server.
    pub options: Option<ActionOptions>,
    /// What its text says.
    pub evidence: Evidence,
}

/// Finds the server functions, in the order of files and lines.
///
/// # Errors
/// Everything that is wrong with the application, as in a build.
pub async fn survey(options: &BuildOptions) -> Result<Vec<SurveyedAction>, BuildFailure> {
    (options.progress)(Progress::Reading);
    let app = application::read(options).await?;
    (options.progress)(Progress::Server);
    match bundle::bundle(&app.plan, || (options.progress)(Progress::Client)).await {
        Ok(graphs) => Ok(list(&graphs, &app.plan.keys)),
        Err(failure) => Err(app.add_to(failure)),
    }
}

fn list(graphs: &Graphs, keys: &FileKeys) -> Vec<SurveyedAction> {
    let (rsc, browser) = (&graphs.rsc, &graphs.browser);
    let mut referrers = usage::referrers::referrers((&rsc.output, &rsc.collected), (&browser.output, &browser.collected), keys);
    let surveyed = rsc.collected.actions.iter().map(|(id, found)| {
        let (reach, referrers) = referrers.remove(id).unwrap_or_default();
        SurveyedAction {
            id: id.clone(),
            name: found.name.clone(),
            file: found.file.clone(),
            line: found.line,
            column: found.column,
            inline: found.inline,
            captures: found.sealed,
            reach,
            referrers,
            options: found.options.clone(),
            evidence: found.evidence.clone(),
        }
    });
    let mut list: Vec<_> = surveyed.collect();
    list.sort_by(|a, b| (&a.file, a.line, a.column, &a.name).cmp(&(&b.file, b.line, b.column, &b.name)));
    list
}
