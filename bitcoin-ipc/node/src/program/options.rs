//! The options of a node, and what they mean.
//!
//! In: settings. Out: a [`Program`] table, and [`state::Options`](crate::state::Options).

use bitcoin_common::arguments::{
    IPC_BIND_OPTION, LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS, Program, SHARED_OPTIONS,
};
use bitcoin_common::config::Settings;
use bitcoin_common::{Error, Result};

use crate::fees::Rate;
use crate::state::Options;

/// The table of a node's options.
pub(super) fn program(name: &'static str, about: &'static str) -> Program {
    Program::new(name, env!("CARGO_PKG_VERSION"), about)
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(NODE_OPTIONS)
        .options(LOG_OPTIONS)
        .options(&[IPC_BIND_OPTION])
}
