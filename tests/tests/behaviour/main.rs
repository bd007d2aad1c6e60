//! How calls run: on which threads, for how long, with what trace in the log.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod answers;
mod drops;
mod ends;
mod family;
mod futures;
mod home;
mod house;
mod inheritance;
mod layers;
mod leading;
mod limits;
mod listening;
mod log;
mod objects;
mod threads;
mod versions;
mod versions_in_views;
mod watching;
mod work;
