//! What Ironside says when something is wrong: the data of a message, and the forms in which it is shown.
//!
//! Every part of the program that judges an application's source (the compiler, the bundler, the configuration) raises a
//! [`Diagnostic`]; the command line, the machine-readable output and the overlay of `ironside dev` show it. The edge of
//! this crate: it reads no file and prints nothing. Whoever raises a diagnostic supplies the source text that its frame is
//! cut from, and whoever shows it writes the string that a renderer returns.
//!
//! ```
//! use ironside_diagnostics::{Diagnostic, render};
//! let source = "import a from 'a';\n'use server';\n";
//! let diagnostic = Diagnostic::error("directive-not-first", "`'use server'` has to be at the top of the file")
//!     .at("app/actions.ts", source, 19..32)
//!     .label("this comes after a statement")
//!     .hint("move it above the imports");
//! assert_eq!(diagnostic.place.as_ref().map(|place| (place.line, place.column)), Some((2, 1)));
//! assert!(render::plain(&diagnostic).contains("app/actions.ts:2:1"));
//! ```
#![forbid(unsafe_code)]

mod collection;
mod diagnostic;
mod place;
pub mod render;
mod severity;

pub use collection::Diagnostics;
pub use diagnostic::Diagnostic;
pub use place::{Label, Place};
pub use severity::Severity;
