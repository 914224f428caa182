//! Settings, resolved once: flags > environment > `ironside.toml` > defaults. Everything below the command line gets finished
//! values; a value that can't be used is an error that names where it came from.

mod actions;
pub(crate) mod file;
pub(crate) mod http;
pub(crate) mod size;
mod time;

use crate::{
    cli::{Global, ListenArgs, StartArgs},
    env_vars,
    exit::{Exit, Failure},
};
use file::{FileSettings, Handlers};
use ironside_server::{AdminOptions, Limits, RewriteOptions, TlsFiles};
use ironside_worker::{FormLimits, PoolOptions};
use size::Size;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    str::FromStr,
    thread::available_parallelism,
    time::Duration,
};

/// The port when nobody says otherwise.
const DEFAULT_PORT: u16 = 3000;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    /// `None`: all addresses, IPv6 and IPv4.
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
}

/// Who runs the application's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Workers {
    pub(crate) count: usize,
    /// Percent of the places that others leave which one client may have.
    pub(crate) client_share: u8,
}

impl Workers {
    /// So many, for anybody.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            count,
            client_share: PoolOptions::CLIENT_SHARE,
        }
    }
}

/// What `ironside start` runs with.
#[derive(Debug, Clone)]
pub(crate) struct StartSettings {
    pub(crate) listen: Listen,
    pub(crate) workers: Workers,
    pub(crate) limits: Limits,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) rewrites: RewriteOptions,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) bodies: Bodies,
    /// `None`: there is no admin listener.
    pub(crate) admin: Option<Admin>,
}

/// What handlers and the proxy may be sent.
#[derive(Debug, Clone)]
pub(crate) struct Bodies {
    /// `None`: any length.
    pub(crate) handler: Option<u64>,
    /// `None`: the server's default.
    pub(crate) proxy: Option<u64>,
    /// `None`: event streams may be silent.
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) forms: FormLimits,
}

/// The admin listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Admin {
    pub(crate) options: AdminOptions,
    /// Somebody has asked for it, so the server does not start without it.
    pub(crate) is_required: bool,
}

/// The environment's copy and the file's content, from which settings are made.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) file: FileSettings,
    /// The application's folder.
    pub(crate) dir: PathBuf,
}

impl Sources {
    /// Reads `ironside.toml` of the application; the environment is given.
    pub(crate) fn read(dir: &Path, env: BTreeMap<String, String>) -> Result<Self, Failure> {
        Ok(Self {
            env,
            file: file::read(dir)?,
            dir: dir.to_owned(),
        })
    }

    /// The first of flag and environment variable that is set, parsed; an error names the one that was wrong.
    fn parsed<T: FromStr>(&self, flag: &str, given: Option<&str>, variable: &str, wants: &str) -> Result<Option<T>, Failure> {
        let (origin, value) = match (given, self.env.get(variable).filter(|value| !value.is_empty())) {
            (Some(value), _) => (flag, value),
            (None, Some(value)) => (variable, value.as_str()),
            (None, None) => return Ok(None),
        };
        value.trim().parse().map(Some).map_err(|_| {
            Failure::new(Exit::Usage, format!("{origin} is {value:?}, which is not {wants}"))
                .hint(format!("give {origin} {wants}, or leave it out"))
        })
    }

    /// Where to listen.
    pub(crate) fn listen(&self, args: &ListenArgs) -> Result<Listen, Failure> {
        let port = self
            .parsed("--port", args.port.as_deref(), env_vars::PORT, "a port from 0 to 65535")?
            .or(self.file.listen.port)
            .unwrap_or(DEFAULT_PORT);
        let host = args
            .hostname
            .clone()
            .or_else(|| self.env.get(env_vars::HOST).filter(|host| !host.is_empty()).cloned())
            .or_else(|| self.env.get(env_vars::HOSTNAME).filter(|host| is_address(host)).cloned())
            .or_else(|| self.file.listen.hostname.clone());
        Ok(Listen { host, port })
    }

    /// The Node executable.
    pub(crate) fn node(&self, global: &Global) -> PathBuf {
        global
            .node
            .clone()
            .or_else(|| {
                self.env
                    .get(env_vars::IRONSIDE_NODE)
                    .filter(|path| !path.is_empty())
                    .map(PathBuf::from)
            })
            .or_else(|| self.file.workers.node.clone())
            .unwrap_or_else(|| PathBuf::from("node"))
    }

    /// What handlers and the proxy may be sent.
    pub(crate) fn bodies(&self) -> Bodies {
        let Handlers {
            body_limit,
            proxy_body_limit,
            event_stream_heartbeat,
            form_memory,
            form_parts,
            form_text,
        } = &self.file.handlers;
        let usual = FormLimits::default();
        Bodies {
            handler: body_limit.map(|size| size.0),
            proxy: proxy_body_limit.map(|size| size.0),
            heartbeat: event_stream_heartbeat.filter(|seconds| *seconds > 0).map(Duration::from_secs),
            forms: FormLimits {
                memory: form_memory.map_or(usual.memory, Size::small),
                parts: form_parts.unwrap_or(usual.parts),
                text: form_text.map_or(usual.text, Size::small),
                ..usual
            },
        }
    }

    /// Everything for `ironside start`.
    pub(crate) fn start(&self, args: &StartArgs) -> Result<StartSettings, Failure> {
        let StartArgs {
            dir: _,
            listen,
            tls_cert,
            tls_key,
            workers,
            client_share,
            keep_alive_timeout,
            log: _,
            access_log: _,
            admin,
            admin_listen,
        } = args;
        let count = self
            .parsed::<NonZeroUsize>(
                "--workers",
                workers.as_deref(),
                env_vars::WEB_CONCURRENCY,
                "a whole number from 1 on",
            )?
            .map(NonZeroUsize::get)
            .or(self.file.workers.count.filter(|count| *count > 0))
            .unwrap_or_else(|| available_parallelism().map_or(1, NonZeroUsize::get));
        let mut limits = self.file.http.limits()?;
        let quarter = (count * PoolOptions::JOBS_PER_WORKER / 4).max(1);
        limits.renewals = self.file.cache.renewals.map_or(quarter, NonZeroUsize::get);
        let keep_alive = self
            .parsed::<u64>(
                "--keep-alive-timeout",
                keep_alive_timeout.as_deref(),
                env_vars::KEEP_ALIVE_TIMEOUT,
                "a number of milliseconds",
            )?
            .or(self.file.listen.keep_alive_timeout);
        if let Some(keep_alive) = keep_alive {
            limits.keep_alive = Duration::from_millis(keep_alive);
        }
        actions::apply(&self.file.actions, &mut limits)?;
        Ok(StartSettings {
            listen: self.listen(listen)?,
            workers: Workers {
                count,
                client_share: self.client_share(client_share.as_deref())?,
            },
            limits,
            trusted_proxies: self.file.listen.trusted_proxies.clone().unwrap_or_default(),
            bodies: self.bodies(),
            rewrites: self.rewrites()?,
            tls: self.tls(tls_cert.as_deref(), tls_key.as_deref())?,
            admin: self.admin(*admin, admin_listen.as_deref())?,
        })
    }

    /// What one client may have of the workers' places.
    fn client_share(&self, given: Option<&str>) -> Result<u8, Failure> {
        let wants = "a whole number of percent from 1 to 100";
        let share = self
            .parsed::<u8>("--client-share", given, env_vars::IRONSIDE_CLIENT_SHARE, wants)?
            .map(u64::from)
            .or(self.file.workers.client_share)
            .unwrap_or(PoolOptions::CLIENT_SHARE.into());
        match u8::try_from(share) {
            Ok(share @ 1..=100) => Ok(share),
            _ => Err(
                Failure::new(Exit::Usage, format!("the share of one client is {share}, which is not {wants}")).hint(
                    "it is --client-share, IRONSIDE_CLIENT_SHARE or workers.client-share in ironside.toml; 100 gives one address all that is free",
                ),
            ),
        }
    }

    /// The Unix socket of the admin listener.
    pub(crate) fn admin_socket(&self) -> PathBuf {
        match &self.file.admin.socket {
            Some(path) => self.dir.join(path),
            None => self.dir.join(".ironside").join("admin.sock"),
        }
    }

    /// The admin listener. It is there unless it is closed; with an address, or where somebody has said so, it has to be.
    fn admin(&self, wanted: bool, address: Option<&str>) -> Result<Option<Admin>, Failure> {
        let wants = "an address with a port, such as 127.0.0.1:9464";
        let given = self.parsed::<SocketAddr>("--admin-listen", address, env_vars::IRONSIDE_ADMIN_LISTEN, wants)?;
        let address = match (given, &self.file.admin.listen) {
            (Some(address), _) => Some(address),
            (None, Some(text)) => Some(text.parse().map_err(|_| {
                Failure::new(
                    Exit::Usage,
                    format!("admin.listen in ironside.toml is {text:?}, which is not {wants}"),
                )
                .hint(format!("give admin.listen {wants}, or leave it out"))
            })?),
            (None, None) => None,
        };
        let variable = self
            .env
            .get(env_vars::IRONSIDE_ADMIN)
            .map(String::as_str)
            .filter(|text| !text.is_empty());
        let asked = match variable {
            _ if wanted => Some(true),
            Some("1" | "true") => Some(true),
            Some("0" | "false") => Some(false),
            Some(other) => {
                return Err(Failure::new(
                    Exit::Usage,
                    format!("{} is {other:?}, which is neither 1 nor 0", env_vars::IRONSIDE_ADMIN),
                )
                .hint("0 closes the admin listener, 1 makes sure of it"));
            }
            None => self.file.admin.enabled,
        };
        if asked == Some(false) {
            return Ok(None);
        }
        Ok(Some(Admin {
            is_required: asked.is_some() || address.is_some(),
            options: AdminOptions {
                socket: Some(self.admin_socket()),
                address,
            },
        }))
    }

    /// Rewrites to other sites. The file of authorities is read here, relative to the application's folder.
    pub(crate) fn rewrites(&self) -> Result<RewriteOptions, Failure> {
        let given = &self.file.rewrites;
        let default = RewriteOptions::default();
        let authorities = given.authorities.as_ref().map(|path| {
            let path = self.dir.join(path);
            std::fs::read(&path).map_err(|error| {
                Failure::new(Exit::Usage, format!("{} can't be read", path.display()))
                    .because(error)
                    .hint("rewrites.authorities in ironside.toml names a file of certificates in PEM form")
            })
        });
        let time = |given: Option<u64>, default| given.map_or(default, Duration::from_millis);
        Ok(RewriteOptions {
            allow: given.allow.clone().unwrap_or_default(),
            private: given.private.clone().unwrap_or_default(),
            connect_timeout: time(given.connect_timeout, default.connect_timeout),
            first_byte_timeout: time(given.first_byte_timeout, default.first_byte_timeout),
            idle_timeout: time(given.idle_timeout, default.idle_timeout),
            authorities: authorities.transpose()?,
            ..default
        })
    }

    /// Certificate and key, for which there have to be both.
    fn tls(&self, certificate: Option<&Path>, key: Option<&Path>) -> Result<Option<TlsFiles>, Failure> {
        let file = |given: Option<&Path>, variable: &str, set: Option<&PathBuf>| {
            given
                .map(Path::to_owned)
                .or_else(|| self.env.get(variable).filter(|path| !path.is_empty()).map(PathBuf::from))
                .or_else(|| set.map(|path| self.dir.join(path)))
        };
        let certificate = file(certificate, env_vars::TLS_CERT, self.file.tls.certificate.as_ref());
        let key = file(key, env_vars::TLS_KEY, self.file.tls.key.as_ref());
        match (certificate, key) {
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(Failure::new(Exit::Usage, "TLS has a certificate and no key")
                .hint("give the key's file with --tls-key, or tls.key in ironside.toml")),
            (None, Some(_)) => Err(Failure::new(Exit::Usage, "TLS has a key and no certificate")
                .hint("give the certificate's file with --tls-cert, or tls.certificate in ironside.toml")),
        }
    }
}

/// Whether this is an address rather than the name of a container.
fn is_address(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok()
}

/// The application's folder, absolute.
///
/// # Errors
/// When it isn't there or is no folder.
pub(crate) fn application_dir(dir: &Path) -> Result<PathBuf, Failure> {
    let absolute = std::fs::canonicalize(dir)
        .map_err(|error| Failure::new(Exit::Usage, format!("there is no folder {}", dir.display())).because(error))?;
    if !absolute.is_dir() {
        return Err(Failure::new(Exit::Usage, format!("{} is not a folder", dir.display()))
            .hint("give the folder that holds `app` and `package.json`"));
    }
    Ok(absolute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(env: &[(&str, &str)]) -> Sources {
        Sources {
            env: env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            file: FileSettings::default(),
            dir: PathBuf::new(),
        }
    }

    fn listen(port: Option<&str>, hostname: Option<&str>) -> ListenArgs {
        ListenArgs {
            port: port.map(Into::into),
            hostname: hostname.map(Into::into),
        }
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
        let mut given = sources(&[("PORT", "4001")]);
        given.file.listen.port = Some(4002);
        assert_eq!(given.listen(&listen(Some("4000"), None)).unwrap().port, 4000);
        assert_eq!(given.listen(&listen(None, None)).unwrap().port, 4001);
        given.env.clear();
        assert_eq!(given.listen(&listen(None, None)).unwrap().port, 4002);
        given.file = FileSettings::default();
        assert_eq!(given.listen(&listen(None, None)).unwrap().port, 3000);
    }

    #[test]
    fn the_admin_listener_is_there_unless_it_is_closed_and_has_to_be_where_it_was_asked_for() {
        let mut given = sources(&[]);
        assert!(!given.admin(false, None).unwrap().unwrap().is_required);
        let Admin { options, is_required } = given.admin(true, None).unwrap().unwrap();
        assert!(options.socket.unwrap().ends_with(".ironside/admin.sock") && options.address.is_none() && is_required);
        given.file.admin.listen = Some("127.0.0.1:9464".into());
        let opened = given.admin(false, None).unwrap().unwrap();
        assert_eq!(opened.options.address, Some("127.0.0.1:9464".parse().unwrap()));
        assert!(opened.is_required);
        let opened = given.admin(false, Some("127.0.0.1:1")).unwrap().unwrap();
        assert_eq!(opened.options.address, Some("127.0.0.1:1".parse().unwrap()));
        given.env.insert("IRONSIDE_ADMIN".into(), "0".into());
        assert_eq!(given.admin(false, None).unwrap(), None);
        given.env.insert("IRONSIDE_ADMIN".into(), "yes".into());
        assert!(given.admin(false, None).unwrap_err().message.contains("IRONSIDE_ADMIN"));
        assert!(
            given
                .admin(false, Some("9464"))
                .unwrap_err()
                .message
                .contains("--admin-listen")
        );
    }

    #[test]
    fn the_share_of_one_client_is_a_percentage() {
        let mut given = sources(&[]);
        assert_eq!(given.client_share(None).unwrap(), 50);
        given.file.workers.client_share = Some(70);
        assert_eq!(given.client_share(None).unwrap(), 70);
        given.env.insert("IRONSIDE_CLIENT_SHARE".into(), "80".into());
        assert_eq!(given.client_share(None).unwrap(), 80);
        assert_eq!(given.client_share(Some("100")).unwrap(), 100);
        for wrong in ["0", "101", "half", "-1", "50%"] {
            assert!(given.client_share(Some(wrong)).is_err(), "{wrong}");
        }
        given.env.clear();
        given.file.workers.client_share = Some(1000);
        assert!(
            given
                .client_share(None)
                .unwrap_err()
                .hint
                .unwrap()
                .contains("workers.client-share")
        );
    }

    #[test]
    fn the_name_of_a_container_is_no_address_to_listen_on() {
        assert_eq!(
            sources(&[("HOSTNAME", "0d3a77b1")]).listen(&listen(None, None)).unwrap().host,
            None
        );
        assert_eq!(
            sources(&[("HOSTNAME", "0.0.0.0")])
                .listen(&listen(None, None))
                .unwrap()
                .host
                .as_deref(),
            Some("0.0.0.0")
        );
    }

    #[test]
    fn tls_needs_certificate_and_key() {
        let both = sources(&[("IRONSIDE_TLS_CERT", "c.pem")]);
        let files = both.tls(None, Some(Path::new("k.pem"))).unwrap().unwrap();
        assert_eq!((files.certificate, files.key), ("c.pem".into(), "k.pem".into()));
        let failure = both.tls(None, None).unwrap_err();
        assert!(failure.hint.unwrap().contains("--tls-key"));
        let mut set = sources(&[]);
        set.dir = "app".into();
        set.file.tls.certificate = Some("c.pem".into());
        set.file.tls.key = Some("/k.pem".into());
        let files = set.tls(None, None).unwrap().unwrap();
        assert_eq!((files.certificate, files.key), ("app/c.pem".into(), "/k.pem".into()));
        assert_eq!(sources(&[]).tls(None, None).unwrap(), None);
    }

    #[test]
    fn a_port_that_is_none_is_refused_by_name() {
        let failure = sources(&[("PORT", "70000")]).listen(&listen(None, None)).unwrap_err();
        assert!(
            failure.message.contains("PORT") && failure.message.contains("70000"),
            "{failure}"
        );
        assert_eq!(failure.exit, Exit::Usage);
    }
}
