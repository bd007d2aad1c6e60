//! Which addresses are known to belong together.
//!
//! In: the wallet's transactions. Out: groups of its addresses, with what each has.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Amount, ScriptBuf};
use bitcoin_ipc::types::Destination;

use super::balances::Trust;
use super::build::sum;
use super::{Wallet, WalletState};
use crate::Result;

type Group = BTreeSet<Destination>;
/// Addresses, with what each has and its label.
pub(crate) type Grouping = Vec<(Destination, Amount, Option<String>)>;

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

impl Wallet {
    /// Groups of addresses that everybody can see to belong together, with what each has and its label.
    pub(crate) fn address_groupings(&self) -> Result<Vec<Grouping>> {
        let mut state = self.state()?;
        let balances = state.address_balances();
        let tell = |address: Destination| {
            let balance = balances.get(&address).copied().unwrap_or_default();
            let entry = address.script_pubkey().and_then(|script| state.book.get(&script));
            let label = entry.map(|entry| entry.label.clone());
            (address, balance, label)
        };
        Ok(state.groups().into_iter().map(|group| group.into_iter().map(tell).collect()).collect())
    }
}

impl WalletState {
    /// The address of a script, if it has one.
    fn address_of(&self, script: &ScriptBuf) -> Option<Destination> {
        Some(Destination::of_script(script)).filter(|found| found.address(self.network).is_some())
    }

    /// Addresses that were spent from together, with those that got the change: Bitcoin Core's
    /// `GetAddressGroupings`.
    fn groups(&self) -> BTreeSet<Group> {
        let mut groups = Groups::default();
        for (_, tx) in self.ledger.txs() {
            let spent = tx.input.iter().filter_map(|input| self.ledger.own_txout(input.previous_output));
            let mut together: Vec<Destination> =
                spent.filter_map(|output| self.address_of(&output.script_pubkey)).collect();
            let own = || tx.output.iter().map(|output| &output.script_pubkey).filter(|to| self.is_mine(to));
            if !together.is_empty() {
                let change = own().filter(|script| self.is_change(script));
                together.extend(change.filter_map(|script| self.address_of(script)));
                groups.join(together);
            }
            for address in own().filter_map(|script| self.address_of(script)) {
                groups.join([address]);
            }
        }
        groups.finish()
    }

    /// What each address has: Bitcoin Core's `GetAddressBalances`.
    fn address_balances(&mut self) -> BTreeMap<Destination, Amount> {
        let mut trust = Trust::new(self);
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
}
