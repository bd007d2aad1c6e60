//! Bitcoin Core's interfaces against what is known of them.

mod facts;
mod lines;
