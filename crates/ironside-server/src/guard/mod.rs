//! What `ironside/actions` asks of the server because one worker alone cannot know it: how often somebody has called an action,
//! and whether a form was submitted before. State is in this process, is shared by all workers, has a bound, and is gone when the
//! server stops.
//!
//! Workers name what they mean by digests; that digests of different actions differ is their business. What the client's address
//! is, they cannot say: it is taken from the request.

mod rates;
mod subject;
mod submissions;

pub(crate) use rates::Rates;
pub(crate) use subject::{Subject, subject};
pub(crate) use submissions::{Begun, Submissions};
