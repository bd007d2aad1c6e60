//! The coins that a transaction can spend, with what the node knows of them.
//!
//! In: coin control, a rate. Out: coins to choose from, and those that the user has selected.

use std::collections::{BTreeMap, HashMap};

use bitcoin::{Amount, OutPoint, TxOut, Txid};
use bitcoin_ipc::ErrorKind;
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::types::{CoinControl, OutputType, WireFeeRate};

use super::choose::Coin;
use super::weights::InputWeight;
use super::{Wallet, WalletState};
use crate::{Error, Result};

/// The version of transactions with limits that let them be replaced at any time (BIP 431).
pub(crate) const TRUC: i32 = 3;

/// What is known of a selected coin from elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Preset {
    /// The output, of a coin that is not the wallet's.
    pub(crate) output: Option<TxOut>,
    /// What its input weighs.
    pub(crate) weight: Option<InputWeight>,
}

/// Selected coins that something is known of from elsewhere.
pub(crate) type Presets = BTreeMap<OutPoint, Preset>;

/// A coin as Bitcoin Core writes it in texts.
fn in_short(coin: OutPoint) -> String {
    format!("COutPoint({:.10}, {})", coin.txid.to_string(), coin.vout)
}

/// The version that coin control asks for.
pub(crate) fn version(control: &CoinControl) -> i32 {
    if control.has_version != 0 { control.version.cast_signed() } else { 2 }
}

/// An answer of the node; one that has no such method has nothing to say.
fn if_known<T: Default>(answer: bitcoin_ipc::Result<T>) -> Result<T> {
    match answer {
        Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(T::default()),
        answer => Ok(answer?),
    }
}

/// There are too many transactions to find out what coins need.
pub(crate) fn enormous_cluster() -> Error {
    let text = "Failed to calculate bump fees, because unconfirmed UTXOs depend on an enormous cluster of unconfirmed transactions.";
    Error::Refused(text.into())
}

/// What coins need together, so that their unconfirmed transactions reach a rate.
pub(crate) fn combined_bump(chain: &dyn Chain, coins: &[OutPoint], rate: i64) -> Result<Amount> {
    if coins.is_empty() {
        return Ok(Amount::ZERO);
    }
    let rate = WireFeeRate::from_sat_per_kvb(rate);
    match chain.calculate_combined_bump_fee(coins, &rate) {
        Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(Amount::ZERO),
        fee => fee?.ok_or_else(enormous_cluster),
    }
}

fn individual_bumps(
    chain: &dyn Chain,
    coins: &[OutPoint],
    rate: i64,
) -> Result<Option<BTreeMap<OutPoint, Amount>>> {
    if coins.is_empty() {
        return Ok(None);
    }
    match chain.calculate_individual_bump_fees(coins, &WireFeeRate::from_sat_per_kvb(rate)) {
        Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(None),
        fees => Ok(Some(fees?)),
    }
}

impl Wallet {
    /// The coins that may be chosen for a transaction, without those that are selected. The node is asked, so
    /// nothing may be locked.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    pub(crate) fn pool(&self, control: &CoinControl, rate: i64) -> Result<Vec<Coin>> {
        let mut coins = self.state()?.pool(control);
        let chain = self.chain();
        let mut known: HashMap<Txid, (u64, u64)> = HashMap::new();
        for coin in coins.iter_mut().filter(|coin| coin.depth == 0) {
            let txid = coin.outpoint.txid;
            let counts = match known.get(&txid) {
                Some(counts) => *counts,
                None => {
                    let counts = if_known(chain.get_transaction_ancestry(txid))?;
                    *known.entry(txid).or_insert((counts.ancestors, counts.descendants))
                }
            };
            (coin.ancestors, coin.cluster) = counts;
        }
        if version(control) == TRUC {
            one_truc_parent(&mut coins);
        }
        let unconfirmed: Vec<OutPoint> =
            coins.iter().filter(|coin| coin.depth == 0).map(|coin| coin.outpoint).collect();
        if let Some(bumps) = individual_bumps(&*chain, &unconfirmed, rate)? {
            // What too many transactions hang on cannot be reckoned with.
            coins.retain(|coin| coin.depth > 0 || bumps.contains_key(&coin.outpoint));
            for coin in &mut coins {
                coin.bump =
                    bumps.get(&coin.outpoint).map_or(0, |bump| (*bump).min(Amount::MAX_MONEY).to_sat());
            }
        }
        Ok(coins)
    }

    /// The coins that the user has selected, in their order. A transaction that is to be replaced may have spent
    /// them.
    ///
    /// # Errors
    ///
    /// One is not there, is spent, cannot be spent by this transaction, or the node cannot be asked.
    pub(crate) fn selected(
        &self,
        control: &CoinControl,
        presets: &Presets,
        replaced: Option<Txid>,
        rate: i64,
    ) -> Result<Vec<Coin>> {
        let mut outpoints = control.set_selected.clone();
        let mut seen = std::collections::HashSet::new();
        outpoints.retain(|outpoint| seen.insert(*outpoint));
        let mut coins = {
            let mut state = self.state()?;
            let selected = outpoints
                .iter()
                .map(|outpoint| state.selected(*outpoint, presets.get(outpoint), replaced, version(control)));
            selected.collect::<Result<Vec<_>>>()?
        };
        if let Some(bumps) = individual_bumps(&*self.chain(), &outpoints, rate)? {
            for coin in &mut coins {
                let bump = bumps.get(&coin.outpoint).ok_or_else(enormous_cluster)?;
                coin.bump = (*bump).min(Amount::MAX_MONEY).to_sat();
            }
        }
        Ok(coins)
    }

    /// How many ancestors and descendants the node allows; asked only where unconfirmed coins may be spent.
    pub(super) fn package_limits(&self, coins: &[Coin]) -> Result<(u64, u64)> {
        const USUAL: (u64, u64) = (25, 25);
        if !coins.iter().any(|coin| coin.depth == 0) {
            return Ok(USUAL);
        }
        match self.chain().get_package_limits() {
            Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(USUAL),
            limits => {
                let limits = limits?;
                Ok((limits.ancestors.into(), limits.descendants.into()))
            }
        }
    }
}

/// Leaves of the unconfirmed coins those of one transaction of version 3, as its child may have no other
/// parent: the one that holds the most. It must not have a parent or a child itself.
fn one_truc_parent(coins: &mut Vec<Coin>) {
    coins.retain(|coin| coin.depth > 0 || (coin.ancestors <= 1 && coin.cluster <= 1));
    let mut sums: BTreeMap<Txid, u64> = BTreeMap::new();
    for coin in coins.iter().filter(|coin| coin.depth == 0) {
        *sums.entry(coin.outpoint.txid).or_default() += coin.output.value.to_sat();
    }
    let parent = sums.into_iter().max_by_key(|(_, sum)| *sum).map(|(txid, _)| txid);
    coins.retain(|coin| coin.depth > 0 || Some(coin.outpoint.txid) == parent);
}

impl WalletState {
    /// The coins that may be chosen and that the wallet can spend, as far as it knows them. Unconfirmed
    /// coins of version 3 are for transactions of version 3, and the other way round.
    fn pool(&mut self, control: &CoinControl) -> Vec<Coin> {
        let available = self.available(control);
        let (weights, truc) = (self.input_weights(), version(control) == TRUC);
        // By transaction: whether it is of version 3, and whether it spends coins of the wallet.
        let mut parents: HashMap<Txid, (bool, bool)> = HashMap::new();
        let mut coins = Vec::new();
        for coin in available {
            let weights = weights.get(&coin.descriptor);
            let Some(weight) = weights.and_then(|weights| weights.of(&coin.output.script_pubkey)) else {
                continue;
            };
            if control.set_selected.contains(&coin.outpoint) {
                continue;
            }
            let (is_truc, from_me) =
                *parents.entry(coin.outpoint.txid).or_insert_with_key(|txid| self.parent(*txid));
            if coin.depth == 0 && is_truc != truc {
                continue;
            }
            coins.push(Coin {
                outpoint: coin.outpoint,
                output: coin.output,
                weight,
                kind: self.descriptor(coin.descriptor).map_or(OutputType::Unknown, |found| found.kind),
                depth: coin.depth,
                from_me,
                ancestors: 0,
                cluster: 0,
                bump: 0,
            });
        }
        coins
    }

    fn parent(&self, txid: Txid) -> (bool, bool) {
        let Some(tx) = self.ledger.tx(txid) else { return (false, false) };
        let mut spent = tx.input.iter().map(|input| input.previous_output);
        (tx.version.0 == TRUC, spent.any(|coin| self.ledger.own_txout(coin).is_some()))
    }

    /// A coin that the user has selected.
    fn selected(
        &mut self,
        outpoint: OutPoint,
        preset: Option<&Preset>,
        replaced: Option<Txid>,
        version: i32,
    ) -> Result<Coin> {
        let refused = |text: String| Err(Error::Refused(text));
        let given = preset.and_then(|preset| preset.weight);
        let of = |output: TxOut, weight, kind| Coin {
            outpoint,
            output,
            weight,
            kind,
            // What follows decides about coins that are chosen.
            depth: 0,
            from_me: false,
            ancestors: 0,
            cluster: 0,
            bump: 0,
        };
        if self.ledger.own_txout(outpoint).is_none() {
            let Some(output) = preset.and_then(|preset| preset.output.clone()) else {
                return refused(format!("Not found pre-selected input {}", in_short(outpoint)));
            };
            let Some(weight) = given else {
                return refused(format!("Not solvable pre-selected input {}", in_short(outpoint)));
            };
            return Ok(of(output, weight, OutputType::Unknown));
        }
        let Some(coin) = self.spendable(outpoint, replaced) else {
            return match self.ledger.view().spender(outpoint) {
                Some(by) => {
                    refused(format!("The pre-selected input {outpoint} was spent by transaction {by}"))
                }
                None => refused(format!("Not found pre-selected input {}", in_short(outpoint))),
            };
        };
        if coin.depth == 0
            && let Some(parent) = self.ledger.tx(outpoint.txid)
            && (parent.version.0 == TRUC) != (version == TRUC)
        {
            return refused(format!(
                "Can't spend unconfirmed version {} pre-selected input with a version {version} tx",
                parent.version.0
            ));
        }
        let Some(weight) = given.or_else(|| self.input_weight(outpoint)) else {
            return refused(format!("Not solvable pre-selected input {}", in_short(outpoint)));
        };
        Ok(of(coin.output, weight, OutputType::Unknown))
    }
}
