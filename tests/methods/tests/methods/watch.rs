//! SplitInit, WatchingChain and ScriptWatch, and what it tells: WatchedNotifications.

use std::sync::Arc;

use bitcoin::{Address, Network};
use bitcoin_ipc::interfaces::watch::{ScriptWatch, WatchedNotifications};
use bitcoin_ipc::types::GlobalArgs;

use crate::setup::Setup;

/// Hears everything.
struct Listener;

impl WatchedNotifications for Listener {}

/// Watches an address from now on.
pub(crate) fn begin(setup: &Setup, address: &Address) -> Box<dyn ScriptWatch> {
    let chain = setup.note(setup.init.make_watching_chain()).flatten().unwrap();
    let watch = setup.note(chain.watch_scripts(Arc::new(Listener))).unwrap();
    setup.note(watch.add_scripts(&[address.script_pubkey()]));
    setup.note(setup.init.make_watching_wallet_loader(&GlobalArgs::default(), chain));
    // The node has wallets: it takes no others.
    let offered = setup.note(setup.init.offer_wallet_loader(Arc::new(setup.loader.clone())));
    assert!(offered.unwrap().is_none());
    watch
}

/// Finds what was paid to the address, in blocks and in the mempool.
pub(crate) fn read(setup: &Setup, watch: &dyn ScriptWatch) {
    let genesis = bitcoin::constants::genesis_block(Network::Regtest).block_hash();
    let scanned = setup.note(watch.scan_blocks(genesis, None, 1000)).flatten().unwrap();
    assert!(!scanned.blocks.is_empty());
    setup.note(watch.request_mempool_transactions(&Listener));
}
