//! What a block costs, and that nothing is missed for it.

use std::sync::Arc;

use bdk_wallet::chain::BlockId;
use bitcoin::Network;
use bitcoin::hashes::Hash as _;
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::types::{OutputType, Secret};

use super::{Ledger, TxState};
use crate::chain::{TestChain, elsewhere};
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

#[test]
fn blocks_are_known_by_height_as_the_chain_has_them() {
    let hash = |number: u8| bitcoin::BlockHash::from_byte_array([number; 32]);
    let mut ledger = Ledger::new(hash(0), 1);
    for height in [3, 1, 2, 7, 5] {
        ledger.connect_empty(BlockId { height, hash: hash(height as u8) }).unwrap();
    }
    let same = |ledger: &Ledger| {
        for height in 0..10 {
            let known = ledger.chain.get(height).map(|block| block.hash());
            assert_eq!(ledger.hash_at(height), known, "{height}");
        }
    };
    same(&ledger);
    assert_eq!(ledger.hash_at(4), None);
    ledger.disconnect_from(4).unwrap();
    same(&ledger);
    assert_eq!(ledger.tip(), BlockId { height: 3, hash: hash(3) });
    ledger.connect_empty(BlockId { height: 2, hash: hash(9) }).unwrap();
    same(&ledger);
    assert_eq!((ledger.hash_at(2), ledger.hash_at(3)), (Some(hash(9)), None));
}
