//! How other sites prove who they are: Mozilla's list of authorities, which is compiled in, and those of the settings.

use super::options::RewriteOptionsError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The client's side of TLS. Only HTTP/1.1 is spoken, so no other protocol is offered.
pub(super) fn config(authorities: Option<&[u8]>) -> Result<Arc<ClientConfig>, RewriteOptionsError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(pem) = authorities {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(RewriteOptionsError::Authorities)?)?;
        }
        if roots.len() == before {
            return Err(RewriteOptionsError::NoAuthority);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
