//! The command that tells what transactions would do to the balance.
//!
//! In: transactions. Out: the change.

use std::collections::{BTreeMap, HashSet};

use bitcoin::hex::FromHex;
use bitcoin::{OutPoint, SignedAmount};
use bitcoin_ipc::types::Coin;
use bitcoin_rpc::Kind::{List, Object};
use bitcoin_rpc::error::{invalid, undecodable};
use bitcoin_rpc::{Answer, arg, transaction, value};
use serde_json::json;

use super::balances::signed_amount;
use super::command::{Call, Command, command};
use crate::wallet::total;

pub(super) const COMMANDS: &[Command] =
    &[command("simulaterawtransaction", "Tells how transactions would change the balance.", simulate).args(
        &[
            arg("rawtxs", List, "The transactions.").optional().shape("[\"rawtx\",...]"),
            arg("options", Object, "Has no effect.")
                .optional()
                .shape("{\"include_watchonly\":bool,...}")
                .fields(&["include_watchonly"]),
        ],
    )];

fn simulate(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let mut change = SignedAmount::ZERO;
    let mut new: BTreeMap<OutPoint, SignedAmount> = BTreeMap::new();
    let mut spent = HashSet::new();
    for text in call.list(0)? {
        let bytes = Vec::from_hex(value::text(text)?).ok();
        let Some(tx) = bytes.and_then(|bytes| transaction::decode(&bytes, true, true)) else {
            return undecodable("Transaction hex string decoding failure.");
        };
        let mut coins: BTreeMap<OutPoint, Option<Coin>> =
            tx.input.iter().map(|input| (input.previous_output, None)).collect();
        wallet.chain().find_coins(&mut coins)?;
        for input in &tx.input {
            let outpoint = input.previous_output;
            if !spent.insert(outpoint) {
                return invalid("Transaction(s) are spending the same output more than once");
            }
            match new.remove(&outpoint) {
                Some(amount) => change = total([change, -amount]),
                None if coins.get(&outpoint).is_none_or(Option::is_none) => {
                    return invalid("One or more transaction inputs are missing or have been spent already");
                }
                None => {
                    let spent = wallet.debit(input)?.unwrap_or(SignedAmount::ZERO);
                    change = total([change, -spent]);
                }
            }
        }
        let txid = tx.compute_txid();
        for (vout, output) in (0..).zip(&tx.output) {
            let amount = wallet.credit(output)?.unwrap_or(SignedAmount::ZERO);
            change = total([change, amount]);
            new.insert(OutPoint { txid, vout }, amount);
        }
    }
    Ok(json!({ "balance_change": signed_amount(change) }))
}
