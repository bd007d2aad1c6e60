//! A change that panics half way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::{Amount, Network};
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::types::{CoinControl, Destination, OutputType, Recipient, Secret};

use crate::chain::{TestChain, elsewhere};
use crate::{Loader, Options};

#[test]
fn what_a_panic_left_in_memory_alone_does_not_count() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let options = Options { keypool: 5, ..Options::new(folder.path().to_owned(), Network::Regtest) };
    let loader = Loader::new(options, Arc::new(chain.clone()) as Arc<dyn Chain>);
    let wallet = loader.create("w", &Secret::default(), 0).unwrap();
    let own = wallet.new_address(OutputType::Bech32, "").unwrap().script_pubkey();
    chain.mine(1, &own);
    chain.mine(100, &elsewhere());
    let before = wallet.balances().unwrap();
    let pay = || {
        let dest = Destination::of_script(&elsewhere());
        let recipient = Recipient { dest, amount: Amount::from_int_btc(1), subtract_fee_from_amount: false };
        wallet.create_transaction(&[recipient], &CoinControl::default(), true, None).unwrap().tx
    };
    let tx = pay();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut state = wallet.state().unwrap();
        state.ledger.add_pending(&tx, 1);
        panic!("between a change and its being written");
    }));
    assert!(panicked.is_err());
    assert_eq!(wallet.balances().unwrap(), before);
    assert!(wallet.wallet_tx(tx.compute_txid()).unwrap().is_none());
    // It can be used, and follows the chain.
    wallet.commit_transaction(&pay(), Default::default(), Vec::new()).unwrap();
    chain.mine(1, &own);
    // It registers anew, beside us.
    let begin = Instant::now();
    while wallet.tip().unwrap().0 as usize != chain.height() {
        assert!(begin.elapsed() < Duration::from_secs(60), "the chain is not followed");
        std::thread::yield_now();
    }
    assert_eq!(wallet.balances().unwrap().immature_balance.to_sat(), 50 * 100_000_000 + fee(&chain));
}

/// What the last block paid beyond its subsidy.
fn fee(chain: &TestChain) -> i64 {
    let state = chain.state();
    let coinbase = &state.blocks.last().unwrap().txdata[0];
    coinbase.output[0].value.to_sat() as i64 - 50 * 100_000_000
}
