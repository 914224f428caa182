//! What answers a request: the result of routing.

use crate::public_file::PublicFile;
use crate::upstream::External;
use ironside_model::route_table::RouteMatch;
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Target {
    /// A hashed file of the build.
    Asset {
        /// Its key in the manifest's assets.
        path: String,
    },
    /// Something below `/_next/` that doesn't exist.
    MissingAsset,
    /// A file of `public/`.
    PublicFile(Arc<PublicFile>),
    /// A page.
    Page(RouteMatch),
    /// A `route` file.
    Handler(RouteMatch),
    /// A metadata file made by code.
    Metadata(RouteMatch),
    /// A metadata file that is a file.
    MetadataFile(RouteMatch),
    /// Another site.
    Outside(Box<External>),
    /// Nothing matches.
    #[default]
    NotFound,
}

impl Target {
    /// Whether an action may be posted to it: to pages, and where nothing is (so that a page of an older build can still
    /// call one).
    #[must_use]
    pub fn takes_actions(&self) -> bool {
        matches!(self, Self::Page(_) | Self::NotFound)
    }

    /// The route, if it is one.
    #[must_use]
    pub fn matched(&self) -> Option<&RouteMatch> {
        match self {
            Self::Page(matched) | Self::Handler(matched) | Self::Metadata(matched) | Self::MetadataFile(matched) => Some(matched),
            _ => None,
        }
    }
}
