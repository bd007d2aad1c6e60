//! The command that shows which addresses are known to belong together.
//!
//! In: groups of the wallet's addresses. Out: the same, with what each has.

use bitcoin_rpc::{Answer, amount};
use serde_json::Value;

use super::command::{Call, Command, command};

pub(super) const COMMANDS: &[Command] = &[command(
    "listaddressgroupings",
    "Gives groups of addresses that everybody can see to belong together.",
    list,
)];

fn list(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let groups = wallet.address_groupings()?.into_iter().map(|group| {
        let told = group.into_iter().map(|(address, balance, label)| {
            let text = address.address(wallet.network()).map(|text| text.to_string());
            let entry = [text.into(), amount::amount(balance)].into_iter();
            entry.chain(label.map(Value::from)).collect::<Value>()
        });
        told.collect::<Value>()
    });
    Ok(groups.collect())
}
