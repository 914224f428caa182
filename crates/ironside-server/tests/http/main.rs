//! The server over real sockets, with scripted workers behind it: one program, one module for each subject.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod actions;
mod files;
mod front;
mod handlers;
mod pages;
mod protocol;
mod proxy;
mod support;
mod upstream;
mod urls;
