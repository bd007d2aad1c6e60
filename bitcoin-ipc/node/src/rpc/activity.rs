//! The command `getdescriptoractivity`.
//!
//! In: blocks and descriptors. Out: what paid to their scripts and what spent from them, in these blocks
//! and in the mempool.

use std::collections::{BTreeMap, HashSet};

use bitcoin::{BlockHash, ScriptBuf, Transaction, TxOut};
use serde_json::{Map, Value, json};

use super::command::Kind::{Bool, List};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid};
use super::header::broken;
use super::{amount, descriptor, script, value};
use crate::chainstate::Place;

pub(super) const COMMANDS: &[Command] = &[command(
    "blockchain",
    "getdescriptoractivity",
    "Lists what pays to descriptors and what spends from them, in blocks such as `scanblocks` finds.",
    descriptor_activity,
)
.args(&[
    arg("blockhashes", List, "The blocks, in any order; all of the chain.").shape("[\"blockhash\",...]"),
    arg("scanobjects", List, "Descriptors, or objects with \"desc\" and \"range\".")
        .shape("[scanobjects,...]"),
    arg("include_mempool", Bool, "Whether transactions of the mempool count.").default("true"),
])];

/// What is looked for, and what was found.
struct Search<'a> {
    call: &'a Call<'a>,
    scripts: HashSet<ScriptBuf>,
    found: Vec<Value>,
}

impl Search<'_> {
    /// An event, with its block if it has one.
    fn event(kind: &str, output: &TxOut, block: Option<Place>) -> Map<String, Value> {
        let mut event = Map::new();
        event.insert("type".to_owned(), kind.into());
        event.insert("amount".to_owned(), amount::amount(output.value));
        if let Some(block) = block {
            event.insert("blockhash".to_owned(), block.hash.to_string().into());
            event.insert("height".to_owned(), block.height.into());
        }
        event
    }

    fn script(&self, output: &TxOut) -> Value {
        script::to_json(&output.script_pubkey, self.call.state.network())
    }

    /// Looks at the inputs of a transaction, whose coins are these, in their order.
    fn spends<'c>(
        &mut self,
        tx: &Transaction,
        coins: impl IntoIterator<Item = &'c TxOut>,
        block: Option<Place>,
    ) {
        for ((position, input), output) in tx.input.iter().enumerate().zip(coins) {
            if self.scripts.contains(&output.script_pubkey) {
                let mut event = Self::event("spend", output, block);
                event.insert("spend_txid".to_owned(), tx.compute_txid().to_string().into());
                event.insert("spend_vin".to_owned(), position.into());
                event.insert("prevout_txid".to_owned(), input.previous_output.txid.to_string().into());
                event.insert("prevout_vout".to_owned(), input.previous_output.vout.into());
                event.insert("prevout_spk".to_owned(), self.script(output));
                self.found.push(event.into());
            }
        }
    }

    /// Looks at the outputs of a transaction.
    fn receives(&mut self, tx: &Transaction, block: Option<Place>) {
        for (position, output) in tx.output.iter().enumerate() {
            if self.scripts.contains(&output.script_pubkey) {
                let mut event = Self::event("receive", output, block);
                event.insert("txid".to_owned(), tx.compute_txid().to_string().into());
                event.insert("vout".to_owned(), position.into());
                event.insert("output_spk".to_owned(), self.script(output));
                self.found.push(event.into());
            }
        }
    }

    fn block(&mut self, place: Place) -> Answer<()> {
        let block = self.call.block(place.hash)?;
        let undo = self.call.undo(place.hash)?.transactions;
        if undo.len() + 1 != block.txdata.len() {
            return broken("a block and its undo data do not fit");
        }
        for (position, tx) in block.txdata.iter().enumerate() {
            // The coinbase spends nothing.
            if let Some(undo) = position.checked_sub(1).and_then(|position| undo.get(position)) {
                self.spends(tx, undo.spent.iter().map(|coin| &coin.output), Some(place));
            }
            self.receives(tx, Some(place));
        }
        Ok(())
    }

    fn mempool(&mut self) -> Answer<()> {
        let mempool = self.call.state.mempool();
        let view = self.call.state.view();
        for entry in mempool.entries() {
            let mut coins = Vec::new();
            for input in &entry.tx.input {
                match mempool.coin(&view, &input.previous_output) {
                    Ok(Some(coin)) => coins.push(coin.output),
                    Ok(None) => return broken("a transaction of the mempool spends nothing"),
                    Err(error) => return broken(error.to_string()),
                }
            }
            self.spends(&entry.tx, &coins, None);
            self.receives(&entry.tx, None);
        }
        Ok(())
    }
}

fn descriptor_activity(call: &Call<'_>) -> Answer {
    let mut blocks = BTreeMap::new();
    for given in call.list(0)? {
        let place = call.place(value::hash::<BlockHash>(given, "blockhash")?)?;
        if !call.state.chain().is_active(place.hash) {
            return invalid("Block is not in main chain");
        }
        blocks.insert(place.height, place);
    }
    let mut search = Search { call, scripts: HashSet::new(), found: Vec::new() };
    for object in call.list(1)? {
        search.scripts.extend(descriptor::scan_object(object, call.state.network())?.into_keys());
    }
    for place in blocks.into_values() {
        if call.is_over() {
            return failed("Interrupted");
        }
        search.block(place)?;
    }
    if call.flag_or(2, true)? {
        search.mempool()?;
    }
    Ok(json!({ "activity": search.found }))
}
