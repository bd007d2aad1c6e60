//! Commands about what a wallet has.
//!
//! In: nothing, or a depth. Out: amounts.

use bitcoin::SignedAmount;
use bitcoin_common::json_rpc::Kind::{Bool, Number, Text};
use bitcoin_common::json_rpc::{Answer, Code, RpcError, amount, arg};
use serde_json::{Value, json};

use super::command::{Call, Command, command, last_block, refused};

pub(super) const COMMANDS: &[Command] = &[
    command("getbalance", "Gives what can be spent.", balance).args(&[
        arg("dummy", Text, "Has to be \"*\", or left out.").optional(),
        arg("minconf", Number, "Only coins with so many confirmations.").default("0"),
        arg("include_watchonly", Bool, "Has no effect.").default("false"),
        arg("avoid_reuse", Bool, "Not supported: has to be false.").default("false"),
    ]),
    command("getbalances", "Gives what can be spent now, later, and what is on its way.", balances),
];

/// An amount that may be negative.
pub(super) fn signed_amount(amount: SignedAmount) -> Value {
    amount::bitcoin(amount.to_sat())
}

/// Refuses what only wallets have that track the reuse of addresses.
pub(super) fn refuse_avoiding_reuse(call: &Call<'_>, position: usize) -> Answer<()> {
    if call.flag_or(position, false)? {
        return refused("wallet does not have the \"avoid reuse\" feature enabled");
    }
    Ok(())
}

fn balance(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    if call.text_or(0, "*")? != "*" {
        let text = "dummy first argument must be excluded or set to \"*\".";
        return Err(RpcError::new(Code::MethodDeprecated, text));
    }
    let depth = call.int_or(1, 0)?;
    refuse_avoiding_reuse(call, 3)?;
    Ok(signed_amount(wallet.balances_at_depth(depth)?.balance))
}

fn balances(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let sums = wallet.balances()?;
    let last = last_block(&*wallet.state()?);
    Ok(json!({
        "mine": {
            "trusted": signed_amount(sums.balance),
            "untrusted_pending": signed_amount(sums.unconfirmed_balance),
            "immature": signed_amount(sums.immature_balance),
            "nonmempool": signed_amount(sums.nonmempool_balance),
        },
        "lastprocessedblock": last,
    }))
}
