//! The phases; [`crate::pipeline::Phase`] lists them in their order. Each is one file with one function `run`.

pub mod action;
pub mod admission;
pub mod base_path;
pub mod canonical_url;
pub mod config_headers;
pub mod config_redirects;
pub mod csrf;
pub mod firewall;
pub mod forwarded_headers;
pub mod internal_headers;
pub mod navigation;
pub mod proxy;
pub mod route;
pub mod trailing_slash;
