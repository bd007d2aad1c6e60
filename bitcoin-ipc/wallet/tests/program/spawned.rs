//! A process of wallets that a node spawns.

use std::path::Path;
use std::sync::Arc;

use bitcoin::SignedAmount;
use bitcoin_ipc::ErrorKind;
use bitcoin_ipc::interfaces::watch::SplitInit;
use bitcoin_ipc::interfaces::{Wallet, WalletLoader};
use bitcoin_ipc::mp_runtime::{Child, Connection, EventLoop, SpawnArgument, spawn};
use bitcoin_ipc::types::{OutputType, Secret};
use rustix::process::Signal;

use crate::chain::{TestChain, elsewhere};
use crate::process::{PROGRAM, signal};
use crate::{PATIENCE, eventually, settings};

/// The node's side of a process of wallets.
pub(crate) struct Parent {
    child: Child,
    connection: Connection,
    loader: bitcoin_ipc::Result<Box<dyn WalletLoader>>,
}

impl Parent {
    pub(crate) fn new(directory: &Path, chain: &TestChain, more: &[(&str, &str)]) -> Parent {
        let event_loop = EventLoop::new("node").unwrap();
        let (child, init) = spawn::<dyn SplitInit>(&event_loop, PROGRAM, SpawnArgument::default()).unwrap();
        let loader = init.any_wallet_loader(&settings(directory, more), Arc::new(chain.clone()));
        Parent { child, connection: init.connection().clone(), loader: loader.map(Option::unwrap) }
    }

    fn loader(&self) -> &dyn WalletLoader {
        &**self.loader.as_ref().unwrap()
    }

    pub(crate) fn begin(&self) {
        let loader = self.loader();
        loader.register_rpcs().unwrap();
        assert!(loader.verify().unwrap() && loader.load().unwrap());
        loader.start(()).unwrap();
    }

    pub(crate) fn create(&self, name: &str) -> Box<dyn Wallet> {
        self.loader().create_wallet(name, &Secret::default(), 0).unwrap().result.unwrap()
    }

    /// Leaves, and gives the code with which the process ends.
    pub(crate) fn leave(self) -> Option<i32> {
        let Parent { mut child, connection, loader } = self;
        drop(loader);
        connection.close();
        child.wait_timeout(PATIENCE).unwrap().unwrap().code()
    }
}

fn log(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("regtest/debug.log.wallet")).unwrap()
}

#[test]
fn a_killed_process_is_followed_by_one_that_has_its_wallets() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let mut parent = Parent::new(folder.path(), &chain, &[]);
    parent.begin();
    let wallet = parent.create("w");
    let script =
        wallet.get_new_destination(OutputType::Bech32, "").unwrap().unwrap().script_pubkey().unwrap();
    chain.mine(1, &script);
    chain.mine(100, &elsewhere());
    assert_eq!(wallet.get_balance().unwrap(), SignedAmount::from_sat(50 * 100_000_000));

    parent.child.kill().unwrap();
    assert!(parent.connection.wait_closed(Some(PATIENCE)).unwrap(), "the node notices");
    assert_eq!(wallet.get_balance().unwrap_err().kind(), ErrorKind::Disconnected);
    eventually("the chain is rid of the wallet", || chain.listeners() == 0);
    drop((wallet, parent));

    chain.mine(1, &script);
    chain.settings().insert("wallet".into(), ["w"].as_slice().into());
    let parent = Parent::new(folder.path(), &chain, &[]);
    parent.begin();
    let wallets = parent.loader().get_wallets().unwrap();
    assert_eq!(wallets[0].get_wallet_name().unwrap(), "w");
    assert_eq!(wallets[0].get_balance().unwrap(), SignedAmount::from_sat(50 * 100_000_000));
    chain.mine(100, &elsewhere());
    assert_eq!(wallets[0].get_balance().unwrap(), SignedAmount::from_sat(100 * 100_000_000));
    drop(wallets);
    assert_eq!(parent.leave(), Some(0));
}

#[test]
fn the_next_process_waits_for_one_that_is_ending() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let first = Parent::new(folder.path(), &chain, &[]);
    first.begin();
    let wallet = first.create("w");
    let (ending, next) = std::sync::mpsc::channel();
    let last = std::thread::spawn(move || {
        next.recv().unwrap();
        drop(wallet);
        first.leave()
    });
    // Its log is open before it asks for the directory, which the first process has.
    let log = folder.path().join("regtest/next.log.wallet");
    let second = std::thread::scope(|scope| {
        let second = scope.spawn(|| Parent::new(folder.path(), &chain, &[("debuglogfile", "next.log")]));
        eventually("the second process has begun", || log.is_file());
        ending.send(()).unwrap();
        second.join().unwrap()
    });
    assert_eq!(last.join().unwrap(), Some(0));
    second.begin();
    assert_eq!(second.loader().list_wallet_dir().unwrap(), [("w".to_owned(), "sqlite".to_owned())]);
    assert_eq!(second.leave(), Some(0));
}

#[test]
fn it_ends_with_its_parent() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let parent = Parent::new(folder.path(), &chain, &[("consolidatefeerate", "0.0002")]);
    parent.begin();
    let wallet = parent.create("w");
    assert_eq!(chain.listeners(), 1);
    drop(wallet);
    assert_eq!(parent.leave(), Some(0));
    eventually("the chain is rid of the wallet", || chain.listeners() == 0);
    let log = log(folder.path());
    assert!(log.contains("Using wallet directory"), "{log}");
    assert!(log.contains("-consolidatefeerate has no effect"), "{log}");
    assert!(log.contains("Shutdown in progress: the node is gone."), "{log}");
    assert!(log.trim_end().ends_with("Shutdown: done"), "{log}");
    let left = std::fs::read_dir(folder.path().join("regtest/wallets/w")).unwrap().count();
    assert_eq!(left, 1, "the database was closed, and has no journal beside it");
}

#[test]
fn a_terminal_does_not_end_it_but_a_wish_does() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let mut parent = Parent::new(folder.path(), &chain, &[]);
    parent.begin();
    let wallet = parent.create("w");
    signal(parent.child.pid(), Signal::INT);
    eventually("the signal is mentioned", || log(folder.path()).contains("SIGINT ignored"));
    assert_eq!(wallet.get_wallet_name().unwrap(), "w");
    signal(parent.child.pid(), Signal::TERM);
    assert_eq!(parent.child.wait_timeout(PATIENCE).unwrap().unwrap().code(), Some(0));
    assert!(log(folder.path()).contains("Shutdown in progress: it was asked for."));
    eventually("the chain is rid of the wallet", || chain.listeners() == 0);
}

#[test]
fn what_keeps_it_from_starting_is_told_to_the_parent() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let refusal = |more: &[(&str, &str)]| {
        let mut parent = Parent::new(folder.path(), &chain, more);
        let loader = std::mem::replace(&mut parent.loader, Err(bitcoin_ipc::Error::failed("taken")));
        let text = loader.err().unwrap().text().to_owned();
        assert_eq!(parent.leave(), Some(0));
        text
    };
    let network = folder.path().join("regtest");
    let file = network.join("debug.log.wallet");
    std::fs::create_dir_all(&file).unwrap();
    let text = refusal(&[]);
    assert!(text.contains(&format!("cannot open the log {}", file.display())), "{text}");
    std::fs::remove_dir(&file).unwrap();

    let first = Parent::new(folder.path(), &chain, &[]);
    first.begin();
    let text = refusal(&[("debuglogfile", "other.log")]);
    let held = format!(
        "the wallet directory {} is in use by process {}: stop that one, or choose another with -walletdir",
        network.join("wallets").display(),
        first.child.pid()
    );
    assert!(text.contains(&held), "{text}");
    assert!(network.join("other.log.wallet").is_file(), "the log has its suffix");
    let again = first.loader.is_ok().then(|| first.leave());
    assert_eq!(again, Some(Some(0)));

    for (name, value, expected) in [
        ("addresstype", "base58", "Unknown address type 'base58'"),
        ("changetype", "base58", "Unknown change type 'base58'"),
        ("fallbackfee", "much", "Invalid amount for -fallbackfee=<amount>: 'much'"),
        ("walletdir", "/nowhere/at/all", "Specified -walletdir \"/nowhere/at/all\" does not exist"),
        ("walletdir", "/dev/null", "Specified -walletdir \"/dev/null\" is not a directory"),
        ("walletdir", ".", "Specified -walletdir \".\" is a relative path"),
    ] {
        let text = refusal(&[(name, value)]);
        assert!(text.contains(expected), "{text}");
    }
}
