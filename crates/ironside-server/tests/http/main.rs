//! The server over real sockets, with scripted workers behind it: one program, one module for each subject.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod action_span;
mod actions;
mod canonical;
mod encodings;
mod files;
mod front;
mod handlers;
mod http2;
mod limits;
mod pages;
mod protocol;
mod proxy;
mod smuggling;
mod support;
mod tls;
mod upstream;
mod urls;
