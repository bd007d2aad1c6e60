//! The command that shows which addresses are known to belong together.
//!
//! In: the wallet's transactions. Out: groups of its addresses, with what each has.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::Amount;
use bitcoin_ipc::types::Destination;
use bitcoin_rpc::{Answer, amount};
use serde_json::Value;

use super::command::{Call, Command, command};
use crate::wallet::{Trust, Wallet, WalletState, sum};

pub(super) const COMMANDS: &[Command] = &[command(
    "listaddressgroupings",
    "Gives groups of addresses that everybody can see to belong together.",
    list,
)];

type Group = BTreeSet<Destination>;

/// Groups that share no address: each address leads to another one of its group, or to itself.
#[derive(Default)]
struct Groups {
    numbers: BTreeMap<Destination, usize>,
    leads_to: Vec<usize>,
}

impl Groups {
    /// The address that all of a group lead to.
    fn end(&mut self, mut number: usize) -> usize {
        while self.leads_to[number] != number {
            // Shorter for the next one.
            self.leads_to[number] = self.leads_to[self.leads_to[number]];
            number = self.leads_to[number];
        }
        number
    }

    /// Makes one group of these and all groups that they are in.
    fn join(&mut self, addresses: impl IntoIterator<Item = Destination>) {
        let mut joined = None;
        for address in addresses {
            let new = self.leads_to.len();
            let number = *self.numbers.entry(address).or_insert(new);
            if number == new {
                self.leads_to.push(new);
            }
            let end = self.end(number);
            let joined = *joined.get_or_insert(end);
            self.leads_to[end] = joined;
        }
    }

    fn finish(mut self) -> BTreeSet<Group> {
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        for (address, number) in std::mem::take(&mut self.numbers) {
            groups.entry(self.end(number)).or_default().insert(address);
        }
        groups.into_values().collect()
    }
}

/// The address of a script, if it has one.
fn address_of(script: &bitcoin::ScriptBuf, wallet: &Wallet) -> Option<Destination> {
    Some(Destination::of_script(script)).filter(|found| found.address(wallet.network()).is_some())
}

/// Addresses that were spent from together, with those that got the change: Bitcoin Core's
/// `GetAddressGroupings`.
fn groups(state: &WalletState, wallet: &Wallet) -> BTreeSet<Group> {
    let mut groups = Groups::default();
    for (_, tx) in state.ledger.txs() {
        let spent = tx.input.iter().filter_map(|input| state.ledger.own_txout(input.previous_output));
        let mut together: Vec<Destination> =
            spent.filter_map(|output| address_of(&output.script_pubkey, wallet)).collect();
        let own = || tx.output.iter().map(|output| &output.script_pubkey).filter(|to| state.is_mine(to));
        if !together.is_empty() {
            let change = own().filter(|script| state.is_change(script));
            together.extend(change.filter_map(|script| address_of(script, wallet)));
            groups.join(together);
        }
        for address in own().filter_map(|script| address_of(script, wallet)) {
            groups.join([address]);
        }
    }
    groups.finish()
}

/// What each address has: Bitcoin Core's `GetAddressBalances`.
fn balances(state: &mut WalletState, wallet: &Wallet) -> BTreeMap<Destination, Amount> {
    let mut trust = Trust::new(state, wallet.options().spend_zero_conf_change);
    let (state, view) = (trust.state(), trust.view.clone());
    let mut balances: BTreeMap<_, Amount> = BTreeMap::new();
    for (_, outpoint, output) in state.ledger.outputs() {
        let txid = outpoint.txid;
        let counts = trust.is_trusted(txid) && trust.blocks_to_maturity(txid) == 0;
        if counts && view.spender(outpoint).is_none() {
            let balance = balances.entry(Destination::of_script(&output.script_pubkey)).or_default();
            *balance = sum([*balance, output.value]).unwrap_or(Amount::MAX_MONEY);
        }
    }
    balances
}

fn list(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let mut state = wallet.state()?;
    let balances = balances(&mut state, &wallet);
    let tell = |address: Destination| {
        let mut entry = vec![
            address.address(wallet.network()).map(|text| text.to_string()).into(),
            amount::amount(balances.get(&address).copied().unwrap_or_default()),
        ];
        let script = address.script_pubkey();
        if let Some(book) = script.and_then(|script| state.book.get(&script)) {
            entry.push(book.label.clone().into());
        }
        Value::Array(entry)
    };
    let groups = groups(&state, &wallet).into_iter();
    Ok(groups.map(|group| group.into_iter().map(tell).collect::<Vec<_>>()).collect())
}
