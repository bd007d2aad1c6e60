//! Bitcoin Core's interfaces against what is known of them.

mod compiled;
mod facts;
mod lines;
