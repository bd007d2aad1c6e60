//! Wallets against a chain in memory.
//!
//! In: a folder, a chain. Out: what a user of a wallet relies on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod amounts;
mod any_payment;
#[path = "../chain/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
pub(crate) mod chain;
mod committing;
mod following;
mod housekeeping;
mod searching;
mod secrets;
mod spending;

use std::sync::Arc;

use bitcoin::{Amount, Network, ScriptBuf};
use bitcoin_ipc::interfaces::watch::WatchingChain;
use bitcoin_ipc::types::{CoinControl, Destination, OutputType, Recipient, Secret};
use bitcoin_wallet::{Loader, Options, WalletHandle};
use tempfile::TempDir;

use chain::{TestChain, elsewhere};

/// Whether the wallets have the node look for their scripts. The tests of `watching` are these, with it.
pub(crate) const WATCH: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"watching");

/// A folder, a chain, and a loader between them.
pub(crate) struct Setup {
    pub(crate) chain: TestChain,
    pub(crate) loader: Loader,
    pub(crate) folder: TempDir,
}

pub(crate) fn loader(folder: &TempDir, chain: &TestChain) -> Loader {
    let options = Options::new(folder.path().join("wallets"), Network::Regtest);
    Loader::new(Options { keypool: 20, watch: WATCH, ..options }, node(chain))
}

pub(crate) fn node(chain: &TestChain) -> Arc<dyn WatchingChain> {
    Arc::new(chain.clone())
}

impl Setup {
    pub(crate) fn new() -> Setup {
        let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
        Setup { loader: loader(&folder, &chain), chain, folder }
    }

    /// Another process: the first one is gone without a word.
    pub(crate) fn restart(&mut self) {
        self.loader = loader(&self.folder, &self.chain);
    }

    pub(crate) fn wallet(&self, name: &str) -> WalletHandle {
        self.loader.create(name, &Secret::default(), 0).unwrap()
    }

    /// A wallet with 50 BTC in one coin that can be spent.
    pub(crate) fn rich(&self, name: &str) -> WalletHandle {
        let wallet = self.wallet(name);
        self.chain.mine(1, &script(&wallet, OutputType::Bech32));
        self.chain.mine(100, &elsewhere());
        wallet
    }
}

pub(crate) fn script(wallet: &WalletHandle, kind: OutputType) -> ScriptBuf {
    wallet.new_address(kind, "").unwrap().script_pubkey()
}

pub(crate) fn to(script: &ScriptBuf, amount: Amount) -> Recipient {
    Recipient { dest: Destination::of_script(script), amount, subtract_fee_from_amount: false }
}

/// Sends, and gives the transaction.
pub(crate) fn send(wallet: &WalletHandle, to_script: &ScriptBuf, amount: Amount) -> bitcoin::Transaction {
    let recipients = [to(to_script, amount)];
    let made = wallet.create_transaction(&recipients, &CoinControl::default(), true, None).unwrap();
    wallet.commit_transaction(&made.tx, Default::default(), Vec::new()).unwrap();
    made.tx
}

pub(crate) fn btc(whole: u64) -> Amount {
    Amount::from_int_btc(whole)
}

/// The trusted balance in satoshi.
pub(crate) fn balance(wallet: &WalletHandle) -> i64 {
    wallet.balances().unwrap().balance.to_sat()
}
