//! What scenario 1 has to come to, wherever it is told.
//!
//! In: the values of a story. Out: a panic at the first that is wrong.

use bitcoin::Amount;
use bitcoin_demo::Failure;
use bitcoin_demo::scenario::{Balances, Story};

/// Every value of the story that is the same wherever it is told.
pub(crate) fn check(story: &Story) {
    let btc = |count: u64| Amount::from_sat(count * 100_000_000);
    let Story { mined, paid, bumped, reorganised, encrypted } = story;
    assert_eq!((mined.blocks.len(), mined.balance, mined.immature), (101, btc(50), btc(5000)));
    // Each block above the hundredth lets one more subsidy be spent.
    let balances = |matured: u64, sent: u64, fees: &[Amount], pending: bool| {
        let fees: Amount = fees.iter().copied().sum();
        let (shop, pending) = if pending { (0, sent) } else { (sent, 0) };
        Balances { miner: btc(50 * matured) - btc(sent) - fees, shop: btc(shop), pending: btc(pending) }
    };
    let first = paid.fee;
    assert_eq!(paid.after, balances(2, 10, &[first], false));
    let second = bumped.replacement.fee;
    assert!(second > bumped.original_fee, "{bumped:?}");
    assert_eq!(bumped.mempool, [bumped.replacement.txid]);
    assert_eq!(bumped.replacement.after, balances(3, 15, &[first, second], false));
    let mut both = [paid.txid, bumped.replacement.txid];
    both.sort_unstable();
    assert_eq!(reorganised.mempool, both);
    assert_ne!(reorganised.away, reorganised.before);
    assert_eq!(reorganised.meanwhile, balances(4, 15, &[first, second], true));
    assert_eq!(reorganised.after, balances(5, 15, &[first, second], false));
    assert_eq!(encrypted.loaded, ["miner", "shop"]);
    let says = |code, message: &str| Failure::Rpc { code, message: message.to_owned() };
    assert_eq!(
        encrypted.locked,
        says(-13, "Error: Please enter the wallet passphrase with walletpassphrase first.")
    );
    assert_eq!(encrypted.wrong, says(-14, "Error: The wallet passphrase entered was incorrect."));
    assert_eq!(encrypted.paid.after, balances(6, 16, &[first, second, encrypted.paid.fee], false));
}
