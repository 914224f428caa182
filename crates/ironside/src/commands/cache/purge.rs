//! `ironside cache purge`.

use super::desk::Desk;
use crate::cli::cache::PurgeArgs;
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use ironside_server::admin::cache::{Purge, Purged};

pub(super) async fn run(context: &Context, args: &PurgeArgs) -> Result<(), Failure> {
    let desk = Desk::open(context).await?;
    if !desk.has_disk() {
        return Err(Failure::new(
            Exit::Environment,
            "there is nothing to purge: no server runs, and cache.disk is off",
        )
        .hint("memory goes with its server; what the build has made goes with the next build"));
    }
    let asked = Purge {
        tag: args.what.tag.clone(),
        path: args.what.path.clone(),
        scope: args.scope.clone(),
        all: args.what.all,
    };
    let purged: Purged = desk.ask("purge", &asked).await?;
    if args.json {
        context.printer.result(&super::json(&desk, &purged)?);
    } else {
        let entries = match purged.entries {
            0 => "nothing was stored under it".to_owned(),
            1 => "1 entry".to_owned(),
            many => format!("{many} entries"),
        };
        let when = if desk.is_server() {
            ""
        } else {
            "; it holds when a server starts"
        };
        context
            .printer
            .result(&format!("invalidated {}: {entries}{when}", purged.invalidated));
    }
    if !purged.lasting {
        return Err(Failure::new(Exit::Environment, "it could not be written down, so it may not hold after a restart")
            .hint("see whether the disk is full and whether .ironside/cache may be written; that folder can be removed while no server runs"));
    }
    if let Some(error) = purged.untold {
        return Err(Failure::new(Exit::Environment, "other servers could not be told").because(error));
    }
    Ok(())
}
