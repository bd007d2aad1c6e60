//! What moves the view of all transactions, and what does not.

use std::sync::Arc;

use bitcoin::Network;
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::types::{OutputType, Secret};

use crate::chain::{TestChain, elsewhere};
use crate::ledger::TxState;
use crate::{Loader, Options};

#[test]
fn a_block_without_anything_of_the_wallet_moves_nothing() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let options = Options { keypool: 5, ..Options::new(folder.path().to_owned(), Network::Regtest) };
    let loader = Loader::new(options, Arc::new(chain.clone()) as Arc<dyn Chain>);
    let wallet = loader.create("w", &Secret::default(), 0).unwrap();
    let own = wallet.new_address(OutputType::Bech32, "").unwrap().script_pubkey();
    chain.mine(1, &own);
    let reward = chain.state().blocks[1].txdata[0].compute_txid();
    let view = || Arc::as_ptr(&wallet.state().unwrap().ledger.view());
    let state = || wallet.state().unwrap().ledger.view().state(reward);
    let before = view();
    chain.mine(50, &elsewhere());
    assert_eq!(view(), before, "the transactions were gone through again");
    assert_eq!(wallet.state().unwrap().ledger.view().depth(reward), 51);
    assert!(matches!(state(), TxState::Confirmed { height: 1, .. }));
    // A block that is lost and comes again.
    let gone = chain.disconnect(51);
    assert_eq!(state(), TxState::Abandoned);
    chain.reconnect(gone);
    assert!(matches!(state(), TxState::Confirmed { height: 1, .. }));
    chain.disconnect(51);
    chain.mine(52, &elsewhere());
    assert_eq!(state(), TxState::Abandoned);
}
