//! One build that is served: everything that requests need to know about it, made once when it is loaded. Nothing in it
//! changes afterwards but its cache; a new build is another deployment, and takes the place of the old one at once.

use crate::build_files::BuildFiles;
use crate::csrf::OriginPolicy;
use crate::front::{FrontDesk, Permits};
use crate::guard::{Rates, Submissions};
use crate::options::DeploymentOptions;
use crate::prerender::{ListedParams, PrerenderedAnswers, PrerenderedError};
use crate::public_files::PublicFiles;
use crate::router::Router;
use crate::rules::RuleError;
use crate::shared::known_dynamic::KnownDynamic;
use crate::shared::seen::Seen;
use crate::telemetry::error_store::ErrorStore;
use crate::telemetry::stack_places::StackPlaces;
use ironside_cache::Cache;
use ironside_model::manifest::{MANIFEST_FORMAT, Manifest};
use ironside_worker::Front;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;

/// Why a build can't be served.
#[derive(Debug, Error)]
pub enum DeploymentError {
    /// It was made by another version.
    #[error(
        "the build has the form {found} and this server reads {expected}. Build the application again with this version: ironside build"
    )]
    Format {
        /// What the build has.
        found: u32,
        /// What the server reads.
        expected: u32,
    },
    /// Its React can be attacked.
    #[error(
        "the build contains React {found}, which has known security holes (fixed in {}). Build the application again with this version: ironside build",
        ironside_model::react_version::FIRST_SAFE
    )]
    React {
        /// What the build has.
        found: String,
    },
    /// A rule of `next.config` or of the proxy's matcher has a mistake.
    #[error("next.config: {0}")]
    Rule(#[from] RuleError),
    /// The public folder can't be read.
    #[error("the folder {} can't be read", folder.display())]
    Public {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What the build has prerendered can't be used.
    #[error("{0}. Build the application again: ironside build")]
    Prerendered(#[from] PrerenderedError),
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Deployment {
    /// What the build says.
    pub manifest: Arc<Manifest>,
    /// The build as a part of keys; see [`DeploymentOptions::identity`].
    pub id: Arc<str>,
    /// Where URLs lead.
    pub router: Router,
    /// Assets and metadata files.
    pub files: BuildFiles,
    /// Shared answers and values.
    pub cache: Cache,
    /// See [`DeploymentOptions::disk_trouble`].
    pub disk_trouble: Option<String>,
    /// Keys whose answers turned out to belong to one visitor.
    pub known_dynamic: KnownDynamic,
    /// In development: what renders have shown about what would be stored.
    pub seen: Seen,
    /// Parameters that `generateStaticParams` lists, of routes that answer no others.
    pub listed: ListedParams,
    /// Who may call actions.
    pub origins: OriginPolicy,
    /// See [`DeploymentOptions::draft_id`].
    pub draft_id: Option<String>,
    /// Whether this is `ironside dev`.
    pub development: bool,
    /// Whether answers tell what the cache made of them; see [`crate::shared::header`].
    pub tells_cache: bool,
    /// Most bytes of the body of any action.
    pub largest_action_body: u64,
    /// Where in the sources errors happened.
    pub(crate) stack_places: Arc<StackPlaces>,
    /// Where errors with a digest are kept.
    pub(crate) errors: Option<Arc<ErrorStore>>,
    /// Permits that jobs hold.
    pub(crate) permits: Permits,
    /// How often clients have called actions.
    pub(crate) rates: Rates,
    /// What was submitted under idempotency keys.
    pub(crate) submissions: Submissions,
}

impl Deployment {
    /// Prepares a build for being served.
    ///
    /// # Errors
    /// When the build is of another version, or its configuration has a mistake.
    pub fn load(options: DeploymentOptions) -> Result<Arc<Self>, DeploymentError> {
        if options.manifest.format != MANIFEST_FORMAT {
            return Err(DeploymentError::Format {
                found: options.manifest.format,
                expected: MANIFEST_FORMAT,
            });
        }
        if !ironside_model::react_version::is_safe(&options.manifest.react) {
            return Err(DeploymentError::React {
                found: options.manifest.react,
            });
        }
        let manifest = Arc::new(options.manifest);
        let id: Arc<str> = options.identity.map_or_else(|| manifest.build.as_str().into(), Into::into);
        let public = PublicFiles::list(&options.public_dir, options.development).map_err(|source| DeploymentError::Public {
            folder: options.public_dir.clone(),
            source,
        })?;
        let router = Router::new(manifest.clone(), public)?;
        let known_dynamic = KnownDynamic::default();
        let (cache, listed) = match manifest.prerendered.as_ref().filter(|_| !options.development) {
            None => (Cache::new(options.cache), ListedParams::default()),
            Some(files) => {
                let found = PrerenderedAnswers::open(&options.build_dir, files, &manifest, &id)?;
                found
                    .dynamic
                    .iter()
                    .for_each(|(key, reason)| known_dynamic.note(key, *reason));
                (Cache::over(options.cache, Arc::new(found.answers)), found.listed)
            }
        };
        Ok(Arc::new(Self {
            id,
            files: BuildFiles::new(&options.build_dir),
            cache,
            disk_trouble: options.disk_trouble,
            known_dynamic,
            seen: Seen::default(),
            listed,
            origins: OriginPolicy {
                allowed: manifest.config.action_allowed_origins.clone(),
            },
            draft_id: options.draft_id,
            development: options.development,
            tells_cache: options.development || options.tells_cache,
            largest_action_body: manifest.action_body_limit(None),
            stack_places: Arc::new(StackPlaces::new(&options.build_dir)),
            errors: options.errors,
            permits: Permits::default(),
            rates: Rates::default(),
            submissions: Submissions::default(),
            router,
            manifest,
        }))
    }

    /// What the pool of workers asks this deployment.
    #[must_use]
    pub fn front(self: &Arc<Self>) -> Arc<dyn Front> {
        Arc::new(FrontDesk::new(self.clone()))
    }
}
