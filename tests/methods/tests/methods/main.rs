//! Every method of every interface is called on a running node with wallets, and
//! `bitcoin-ipc/METHODS.md` says what came of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod chain;
mod mining;
mod node;
mod setup;
mod wallet;
mod watch;

use std::path::Path;
use std::time::{Duration, Instant};

use mp_methods::table;
use setup::Setup;

/// How long to wait for calls that arrive by themselves, such as notifications.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_table_of_methods_is_up_to_date() {
    let setup = Setup::new();
    node::of_the_process(&setup);
    let heard = (chain::hear(&setup), node::hear(&setup));
    let wallet = wallet::make(&setup);
    let paid = wallet::address(&*wallet);
    let watch = watch::begin(&setup, &paid);
    mining::blocks(&setup);
    setup.mine_to(&paid, 101);
    chain::read(&setup);
    chain::settings_and_rpc(&setup);
    wallet::read(&setup, &*wallet);
    wallet::spend(&setup, &*wallet);
    watch::read(&setup, &*watch);
    chain::reorganise(&setup);
    node::read(&setup);
    node::settings_and_network(&setup);
    wallet::keep(&setup, &*wallet);
    wallet::end(&setup, wallet);
    drop((heard, watch));
    node::end(&setup);

    let patience = Instant::now() + PATIENCE;
    let found = loop {
        match table(&setup.calls) {
            Ok(text) => break text,
            Err(wrong) => assert!(Instant::now() < patience, "{wrong}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    setup.stop();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bitcoin-ipc/METHODS.md");
    if std::env::var_os("MP_METHODS").is_some_and(|what| what == "write") {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first = found.lines().zip(kept.lines()).find(|(found, kept)| found != kept);
    assert_eq!(first, None, "another line in {}; see its head", path.display());
    assert_eq!(found, kept);
}
