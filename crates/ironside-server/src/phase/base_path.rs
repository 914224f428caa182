//! Takes `basePath` off the path. A URL outside of it can still meet rules that are written with `basePath: false`.

use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::site::Site;
use crate::url;

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    let config = &site.deployment.manifest.config;
    let asset = config
        .asset_prefix
        .starts_with('/')
        .then(|| exchange.full_path.strip_prefix(&config.asset_prefix))
        .flatten();
    match asset
        .filter(|rest| rest.starts_with("/_next/"))
        .or_else(|| url::without_base(&exchange.full_path, &config.base_path))
    {
        Some(path) => exchange.path = path.to_owned(),
        None => {
            exchange.inside = false;
            exchange.path.clone_from(&exchange.full_path);
        }
    }
    Step::Continue
}
