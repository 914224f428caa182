//! TLS: certificate and key from PEM files, HTTP/2 or HTTP/1.1 by what the client offers (ALPN), TLS 1.2 and 1.3. The files
//! are read again when they change, so that a renewed certificate needs no restart; if they can't be used then, the old ones
//! stay and the log says why.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, crypto};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// How often it is looked whether the files have changed.
const LOOK: Duration = Duration::from_secs(10);

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the server's certificate, then those that lead from it to the authority.
    pub certificate: PathBuf,
    /// PEM: the certificate's private key (PKCS #8, PKCS #1 or SEC1), not encrypted.
    pub key: PathBuf,
}

/// Why TLS can't be set up.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("{} can't be read: {source}. Check the path, and that the server may read the file", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds no certificate.
    #[error(
        "{} holds no certificate. It has to be a PEM file with lines like -----BEGIN CERTIFICATE-----, the server's own certificate first",
        file.display()
    )]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// It holds no key.
    #[error(
        "{} holds no private key that can be used. It has to be a PEM file with a line like -----BEGIN PRIVATE KEY-----; a key with a passphrase has to be decrypted first: openssl pkey -in KEY -out PLAIN",
        file.display()
    )]
    NoKey {
        /// The file.
        file: PathBuf,
    },
    /// A file is no proper PEM.
    #[error("{} is damaged: {problem}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Certificate and key don't fit.
    #[error("the key in {} can't be used with the certificate in {}: {source}. Give the two files that were made together", key.display(), certificate.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// See the module's documentation. A handle: clones share it.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    files: TlsFiles,
    config: RwLock<Arc<ServerConfig>>,
    /// Stays when the certificate changes, so that clients can resume.
    base: ServerConfig,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When they can't be used; the message says what to do.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let key = certified(&files, &provider)?;
        let config = base(&files, provider, key)?;
        Ok(Self(Arc::new(Shared {
            config: RwLock::new(Arc::new(config.clone())),
            base: config,
            files,
        })))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.config.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Reads the files again. Connections that are open stay as they are.
    ///
    /// # Errors
    /// When they can't be used; then nothing has changed.
    pub fn reload(&self) -> Result<(), TlsError> {
        let key = certified(&self.0.files, self.0.base.crypto_provider())?;
        let mut config = self.0.base.clone();
        config.cert_resolver = Arc::new(SingleCertAndKey::from(key));
        *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        Ok(())
    }

    /// Reads the files again whenever they change, for ever.
    pub(crate) async fn follow(&self) {
        let mut seen = self.changed().await;
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.changed().await;
            if now == seen {
                continue;
            }
            // A renewal writes two files, one after the other; if they don't fit yet, the next look may find the second.
            let tls = self.clone();
            match tokio::task::spawn_blocking(move || tls.reload()).await {
                Ok(Ok(())) => {
                    seen = now;
                    tracing::info!(certificate = %self.0.files.certificate.display(), "the certificate was read again");
                }
                Ok(Err(error)) => tracing::error!(%error, "the new certificate can't be used; the old one stays"),
                Err(error) => tracing::error!(%error, "the certificate could not be read again"),
            }
        }
    }

    async fn changed(&self) -> [Option<SystemTime>; 2] {
        let of = async |path: &Path| tokio::fs::metadata(path).await.ok()?.modified().ok();
        [of(&self.0.files.certificate).await, of(&self.0.files.key).await]
    }
}

fn base(files: &TlsFiles, provider: Arc<CryptoProvider>, key: CertifiedKey) -> Result<ServerConfig, TlsError> {
    let unusable = |source| TlsError::Mismatch {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Clients keep their sessions, so that none has to be kept here.
    config.ticketer = crypto::ring::Ticketer::new().map_err(unusable)?;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(config)
}

fn certified(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let damaged = |file: &Path, error: pem::Error| TlsError::Damaged {
        file: file.to_owned(),
        problem: error.to_string(),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read(&files.certificate)?)
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(&files.certificate, error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate {
            file: files.certificate.clone(),
        });
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey { file: files.key.clone() },
        other => damaged(&files.key, other),
    })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|source| TlsError::Mismatch {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    })
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::Read {
        file: file.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(certificate: Option<&str>, key: Option<&str>) -> TlsError {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: Option<&str>| {
            let path = folder.path().join(name);
            if let Some(text) = text {
                fs::write(&path, text).unwrap();
            }
            path
        };
        let files = TlsFiles {
            certificate: write("cert.pem", certificate),
            key: write("key.pem", key),
        };
        Tls::load(files).unwrap_err()
    }

    #[test]
    fn every_mistake_is_named_with_its_file_and_what_to_do() {
        let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (one, other) = (made("one.example"), made("other.example"));
        let (certificate, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        for (error, names) in [
            (problem(None, Some(&key)), ["cert.pem", "can't be read"]),
            (problem(Some(&certificate), None), ["key.pem", "can't be read"]),
            (problem(Some("nothing"), Some(&key)), ["cert.pem", "BEGIN CERTIFICATE"]),
            (
                problem(Some(&certificate), Some(&certificate)),
                ["key.pem", "BEGIN PRIVATE KEY"],
            ),
            (
                problem(Some(&certificate), Some(&other.signing_key.serialize_pem())),
                ["cert.pem", "made together"],
            ),
            (
                problem(Some("-----BEGIN CERTIFICATE-----\n?"), Some(&key)),
                ["cert.pem", "damaged"],
            ),
        ] {
            let text = error.to_string();
            assert!(names.iter().all(|name| text.contains(name)), "{text}");
        }
    }
}
