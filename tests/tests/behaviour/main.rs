//! How calls run: on which threads, for how long, with what trace in the log.

mod futures;
mod layers;
mod listening;
mod log;
mod threads;
mod work;
