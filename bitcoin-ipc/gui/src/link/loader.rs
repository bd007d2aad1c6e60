//! Wallets that are found, made and loaded.
//!
//! In: a node that has a process of wallets. Out: the wallets, listened to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bitcoin_ipc::interfaces::{Node, Wallet};
use bitcoin_ipc::types::{BilingualStr, Secret};
use mp_runtime::{Error, ErrorKind, Result, within};

use super::guard::Arm;
use super::{Held, Loader, NODE_PATIENCE, lanes, lock, wallet};
use crate::engine::{Answer, Event, Failure};
use crate::model::WalletFile;

/// The pause before a wallet is listened to again.
pub(crate) const LISTEN_PAUSE: Duration = Duration::from_millis(250);

/// Finds what loads wallets, has it tell of new ones, and takes those that it has.
pub(super) fn find(held: &Arc<Held>) -> Result<Answer, Failure> {
    let node = held.node()?;
    let process = held.next_process();
    let names = found(held, &*node, process).map_err(|error| held.failure(&error))?;
    Ok(Answer::Wallets { process, names })
}

/// The names of the wallets that are taken.
fn found(held: &Arc<Held>, node: &dyn Node, process: u64) -> Result<Vec<String>> {
    let loader = within(NODE_PATIENCE, || node.wallet_loader())?;
    let arm = Arm::new();
    let guard = arm.guard(held.id, held.sender.clone(), Event::WalletsGone(process));
    let taker = Arc::downgrade(held);
    let told = within(NODE_PATIENCE, || {
        loader.handle_load_wallet(Box::new(move |wallet| {
            // It is dropped with this closure.
            let _guard = &guard;
            if let Some(held) = taker.upgrade() {
                later(&held, wallet);
            }
            Ok(())
        }))
    })?;
    // What was held before is of a process that has ended, or of the same one.
    let old = {
        let mut objects = lock(&held.objects);
        let new = Loader { object: loader.clone(), arm, _told: Some(told) };
        (objects.loader.replace(new), std::mem::take(&mut objects.wallets))
    };
    if let Some(loader) = &old.0 {
        loader.arm.disarm();
    }
    within(super::GOODBYE, || drop(old));
    let wallets = within(super::WALLET_PATIENCE, || loader.get_wallets())?;
    let taken = wallets.into_iter().map(|wallet| take(held, wallet.into()));
    // One that was unloaded meanwhile is no reason to be without the others.
    let there = |taken: &Result<String>| taken.as_ref().err().is_none_or(|error| !is_of_one(error));
    taken.filter(there).collect()
}

/// Whether a wallet has refused, and not its process.
fn is_of_one(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::Timeout)
}

/// Takes a wallet that was loaded, on another thread than the callback's.
fn later(held: &Arc<Held>, wallet: Box<dyn Wallet>) {
    let taker = held.clone();
    let job = Box::new(move || {
        // Without a name it is gone already.
        if let Ok(name) = take(&taker, wallet.into()) {
            taker.tell(Event::WalletLoaded(name));
        }
    });
    held.lanes.run(lanes::Lane::Long, job);
}

/// Listens anew to a wallet that tells nothing more, after a pause: it may let go at once each time.
pub(super) fn listen(held: &Arc<Held>, name: &str) -> Result<(), Failure> {
    std::thread::sleep(LISTEN_PAUSE);
    let object = held.wallet(name)?;
    take(held, object).map(drop).map_err(|error| held.failure(&error))
}

/// Listens to a wallet, and holds it.
fn take(held: &Arc<Held>, object: Arc<dyn Wallet>) -> Result<String> {
    let (name, loaded) = within(super::WALLET_PATIENCE, || wallet::listen(held, object))?;
    let old = lock(&held.objects).wallets.insert(name.clone(), Arc::new(loaded));
    within(super::GOODBYE, || drop(old));
    Ok(name)
}

fn texts(warnings: Vec<BilingualStr>) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
}

/// Makes a wallet and takes it.
pub(super) fn create(
    held: &Arc<Held>,
    name: &str,
    passphrase: &Secret,
    flags: u64,
) -> Result<Vec<String>, String> {
    let loader = held.loader().map_err(|failure| failure.text)?;
    let made = loader.create_wallet(name, passphrase, flags).map_err(|error| held.failure(&error).text)?;
    let wallet = made.result.map_err(|why| why.to_string())?;
    take(held, wallet.into()).map_err(|error| held.failure(&error).text)?;
    Ok(texts(made.warning))
}

/// Loads a wallet and takes it.
pub(super) fn load(held: &Arc<Held>, name: &str) -> Result<Vec<String>, String> {
    let loader = held.loader().map_err(|failure| failure.text)?;
    let loaded = loader.load_wallet(name).map_err(|error| held.failure(&error).text)?;
    let wallet = loaded.result.map_err(|why| why.to_string())?;
    take(held, wallet.into()).map_err(|error| held.failure(&error).text)?;
    Ok(texts(loaded.warning))
}

/// Makes a wallet of a backup and takes it.
pub(super) fn restore(held: &Arc<Held>, name: &str, file: &str) -> Result<Vec<String>, String> {
    let loader = held.loader().map_err(|failure| failure.text)?;
    let restored = loader.restore_wallet(Path::new(file), name, true);
    let restored = restored.map_err(|error| held.failure(&error).text)?;
    if let Some(wallet) = restored.result.map_err(|why| why.to_string())? {
        take(held, wallet.into()).map_err(|error| held.failure(&error).text)?;
    }
    Ok(texts(restored.warning))
}

/// All wallets of the folder, and which of them are loaded.
pub(super) fn files(held: &Held) -> Result<Vec<WalletFile>, Failure> {
    let loader = held.loader()?;
    let found = within(super::WALLET_PATIENCE, || loader.list_wallet_dir());
    let found = found.map_err(|error| held.failure(&error))?;
    let loaded = lock(&held.objects);
    let file = |(name, _): (String, String)| WalletFile { loaded: loaded.wallets.contains_key(&name), name };
    Ok(found.into_iter().map(file).collect())
}
