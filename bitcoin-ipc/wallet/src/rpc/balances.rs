//! Commands about what a wallet has.
//!
//! In: nothing, or a depth. Out: amounts.

use bdk_wallet::chain::BlockId;
use bitcoin::SignedAmount;
use bitcoin_rpc::Kind::{Bool, Number, Text};
use bitcoin_rpc::{Answer, Code, RpcError, amount, arg};
use serde_json::{Value, json};

use super::command::{Call, Command, command, last_block, refused};
use crate::wallet::Wallet;

pub(super) const COMMANDS: &[Command] = &[
    command("getbalance", "Gives what can be spent.", balance).args(&[
        arg("dummy", Text, "Has to be \"*\", or left out.").optional(),
        arg("minconf", Number, "Only coins with so many confirmations.").default("0"),
        arg("include_watchonly", Bool, "Has no effect.").default("false"),
        arg("avoid_reuse", Bool, "Whether to leave out coins of addresses that were spent from.")
            .default("set by the wallet's flag"),
    ]),
    command("getbalances", "Gives what can be spent now, later, and what is on its way.", balances),
];

/// An amount that may be negative.
pub(super) fn signed_amount(amount: SignedAmount) -> Value {
    amount::bitcoin(amount.to_sat())
}

/// Whether coins of addresses that were spent from are left aside: as the call says, which only a wallet with
/// that flag can be asked for, or else as the wallet's flag does.
pub(super) fn avoid_reuse(call: &Call<'_>, wallet: &Wallet, position: usize) -> Answer<bool> {
    let able = wallet.avoids_reuse()?;
    let avoid = call.flag_or(position, able)?;
    if avoid && !able {
        return refused("wallet does not have the \"avoid reuse\" feature enabled");
    }
    Ok(avoid)
}

fn balance(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    if call.text_or(0, "*")? != "*" {
        let text = "dummy first argument must be excluded or set to \"*\".";
        return Err(RpcError::new(Code::MethodDeprecated, text));
    }
    let depth = call.int_or(1, 0)?;
    let avoid = avoid_reuse(call, &wallet, 3)?;
    Ok(signed_amount(wallet.balances_at_depth(depth, avoid)?.balance))
}

fn balances(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let sums = wallet.balances_with_unsent()?;
    let (height, hash) = wallet.tip()?;
    let mut mine = json!({
        "trusted": signed_amount(sums.balance),
        "untrusted_pending": signed_amount(sums.unconfirmed_balance),
        "immature": signed_amount(sums.immature_balance),
        "nonmempool": signed_amount(sums.nonmempool_balance),
    });
    if wallet.avoids_reuse()? {
        mine["used"] = signed_amount(sums.used_balance);
    }
    Ok(json!({ "mine": mine, "lastprocessedblock": last_block(BlockId { height, hash }) }))
}
