//! Choosing coins: which may be spent at first, and which only if these are not enough.
//!
//! In: the coins of a wallet, with what the node knows of them. Out: those that a transaction spends, and its
//! fee. As in Bitcoin Core, coins that are long confirmed come before others, and a chain of
//! unconfirmed transactions stays shorter than nodes allow; of the coins that may be spent, the
//! cheapest choice is taken.

mod search;

use std::collections::BTreeMap;

use bitcoin::key::rand::rngs::OsRng;
use bitcoin::key::rand::seq::SliceRandom as _;
use bitcoin::{OutPoint, ScriptBuf, TxOut};
use bitcoin_ipc::types::OutputType;

pub(crate) use search::{Candidate, ChangeCost, Outcome, Short, Target};
use search::{Choice, cheapest};

use super::weights::{InputWeight, TRUC_CHILD_MAX_WEIGHT};
use crate::{Error, Result};

/// How many coins of an address are spent together at most, so that the transaction stays small enough: Bitcoin
/// Core's `OUTPUT_GROUP_MAX_ENTRIES`.
const TOGETHER: usize = 100;

/// The kinds of coins.
const KINDS: [OutputType; 5] = [
    OutputType::Legacy,
    OutputType::P2shSegwit,
    OutputType::Bech32,
    OutputType::Bech32m,
    OutputType::Unknown,
];

/// A coin that may be chosen, or has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coin {
    pub(crate) outpoint: OutPoint,
    pub(crate) output: TxOut,
    pub(crate) weight: InputWeight,
    pub(crate) kind: OutputType,
    pub(crate) depth: i32,
    /// Whether the wallet's own transaction made it.
    pub(crate) from_me: bool,
    /// What the mempool has above its transaction and around it, itself included; 0 if it is confirmed.
    pub(crate) ancestors: u64,
    pub(crate) cluster: u64,
    /// What it takes in satoshi to lift its unconfirmed transactions to the rate.
    pub(crate) bump: u64,
}

impl Coin {
    pub(crate) fn candidate(&self) -> Candidate {
        let mut candidate =
            Candidate { value: self.output.value.to_sat(), bump: self.bump, ..Candidate::default() };
        candidate.weights.add(self.weight);
        candidate
    }
}

/// How coins are chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Whether unconfirmed change may be spent.
    pub(crate) zero_conf_change: bool,
    /// Whether unconfirmed coins of others may be.
    pub(crate) unsafe_inputs: bool,
    /// Whether all coins of an address are spent together or none.
    pub(crate) together: bool,
    /// Whether a chain of unconfirmed transactions may be longer than nodes allow.
    pub(crate) long_chains: bool,
    /// How many ancestors and descendants nodes allow.
    pub(crate) limits: (u64, u64),
    /// Whether the transaction is of version 3.
    pub(crate) truc: bool,
}

/// Coins that were chosen, beside those that had to be.
#[derive(Clone, Debug)]
pub(crate) struct Picked {
    pub(crate) coins: Vec<Coin>,
    pub(crate) outcome: Outcome,
}

/// Which coins may be chosen: Bitcoin Core's `CoinEligibilityFilter`.
#[derive(Clone, Copy)]
struct Tier {
    depth_own: i32,
    depth_foreign: i32,
    ancestors: u64,
    cluster: u64,
    /// Whether some coins of an address may be spent where there are too many to spend all.
    partial: bool,
    /// Whether coins of several kinds may be spent together.
    mixed: bool,
}

impl Rules {
    /// From the best coins to the last ones.
    fn tiers(&self) -> Vec<Tier> {
        let of = |depth_own, depth_foreign, ancestors, cluster| Tier {
            depth_own,
            depth_foreign,
            ancestors,
            cluster,
            partial: false,
            mixed: true,
        };
        let (ancestors, cluster) = (self.limits.0.max(1), self.limits.1.max(1));
        let mut tiers = vec![Tier { mixed: false, ..of(1, 6, 0, 0) }, of(1, 1, 0, 0)];
        if self.zero_conf_change {
            let last = Tier { partial: true, ..of(0, 1, ancestors - 1, cluster - 1) };
            tiers.extend([
                of(0, 1, 2, 2),
                of(0, 1, (ancestors / 3).min(4), (cluster / 3).min(4)),
                of(0, 1, ancestors / 2, cluster / 2),
                last,
            ]);
            if self.unsafe_inputs {
                tiers.push(Tier { depth_foreign: 0, ..last });
            }
            if self.long_chains {
                tiers.push(Tier { ancestors: u64::MAX, cluster: u64::MAX, ..last });
            }
        }
        tiers
    }
}

/// Coins that are spent together or not at all.
struct Group<'a> {
    coins: Vec<&'a Coin>,
    /// Whether it has some coins of an address whose other ones are in groups of their own.
    partial: bool,
}

impl Group<'_> {
    fn candidate(&self) -> Candidate {
        let mut all = Candidate::default();
        for coin in &self.coins {
            let one = coin.candidate();
            all.value += one.value;
            all.bump += one.bump;
            all.weights.merge(one.weights);
        }
        all
    }

    fn fits(&self, tier: &Tier) -> bool {
        let from_me = self.coins.iter().all(|coin| coin.from_me);
        let depth = if from_me { tier.depth_own } else { tier.depth_foreign };
        // Their ancestors may be the same ones; whether they are is not known.
        let ancestors: u64 = self.coins.iter().map(|coin| coin.ancestors).sum();
        self.coins.iter().all(|coin| coin.depth >= depth && coin.cluster <= tier.cluster)
            && ancestors <= tier.ancestors
            && (tier.partial || !self.partial)
    }

    fn kind(&self) -> Option<OutputType> {
        self.coins.first().map(|coin| coin.kind)
    }
}

/// Puts coins into groups: each alone, or those of an address together.
fn groups<'a>(coins: &[&'a Coin], together: bool) -> Vec<Group<'a>> {
    if !together {
        return coins.iter().map(|coin| Group { coins: vec![*coin], partial: false }).collect();
    }
    let mut coins = coins.to_vec();
    if coins.len() > TOGETHER {
        // Which ones are left over says nothing then.
        coins.shuffle(&mut OsRng);
    }
    let mut by_script: BTreeMap<&ScriptBuf, Vec<&Coin>> = BTreeMap::new();
    for coin in coins {
        by_script.entry(&coin.output.script_pubkey).or_default().push(coin);
    }
    let mut groups = Vec::new();
    for coins in by_script.into_values() {
        let count = coins.chunks(TOGETHER).count();
        let chunks = coins.chunks(TOGETHER).enumerate();
        groups.extend(
            chunks.map(|(place, chunk)| Group {
                coins: chunk.to_vec(),
                partial: count > 1 && place + 1 == count,
            }),
        );
    }
    groups
}

/// Chooses coins to add to those that are required.
///
/// # Errors
///
/// There are not enough, or they would be too heavy.
pub(crate) fn pick(target: &Target, required: &[Coin], coins: &[Coin], rules: &Rules) -> Result<Picked> {
    let required: Vec<Candidate> = required.iter().map(Coin::candidate).collect();
    // Coins that cost more than they bring are spent only where recipients who get everything pay for that.
    let worth: Vec<&Coin> =
        coins.iter().filter(|coin| coin.candidate().is_worth_its_fee(target.rate)).collect();
    let mut picked = pick_of(target, &required, &worth, rules);
    if target.from_outputs && picked == Err(Short::Funds) && worth.len() < coins.len() {
        picked = pick_of(target, &required, &coins.iter().collect::<Vec<_>>(), rules);
    }
    match picked {
        Ok((coins, outcome)) => Ok(Picked { coins: coins.into_iter().cloned().collect(), outcome }),
        Err(Short::Weight) => {
            let text = "The inputs size exceeds the maximum weight. Please try sending a smaller amount or manually consolidating your wallet's UTXOs";
            Err(Error::Refused(text.into()))
        }
        Err(Short::Funds) => {
            let (ancestors, cluster) = (rules.limits.0.max(1), rules.limits.1.max(1));
            let all = worth.iter().map(|coin| coin.candidate());
            let long = |coin: &Coin| coin.ancestors >= ancestors || coin.cluster >= cluster;
            if worth.iter().any(|coin| long(coin))
                && cheapest(target, &required, &all.collect::<Vec<_>>()).is_ok()
            {
                let text = "Unconfirmed UTXOs are available, but spending them creates a chain of transactions that will be rejected by the mempool";
                return Err(Error::Refused(text.into()));
            }
            Err(Error::InsufficientFunds)
        }
    }
}

fn pick_of<'a>(
    target: &Target,
    required: &[Candidate],
    coins: &[&'a Coin],
    rules: &Rules,
) -> Result<(Vec<&'a Coin>, Outcome), Short> {
    // Required coins that are enough are spent alone.
    let mut failure = match cheapest(target, required, &[]) {
        Ok(choice) => return Ok((Vec::new(), choice.outcome)),
        Err(failure) => failure,
    };
    let groups = groups(coins, rules.together);
    for tier in rules.tiers() {
        let mut target = *target;
        if rules.truc && tier.depth_own.min(tier.depth_foreign) == 0 {
            target.max_weight = target.max_weight.min(TRUC_CHILD_MAX_WEIGHT);
        }
        let eligible: Vec<&Group<'_>> = groups.iter().filter(|group| group.fits(&tier)).collect();
        match of_tier(&target, required, &eligible, tier.mixed) {
            Ok((chosen, outcome)) => {
                let coins = chosen.into_iter().flat_map(|place| eligible[place].coins.iter().copied());
                return Ok((coins.collect(), outcome));
            }
            Err(Short::Weight) => failure = Short::Weight,
            Err(Short::Funds) => {}
        }
    }
    Err(failure)
}

/// The cheapest choice of groups. Coins of several kinds together tell that they belong to one wallet, so
/// those of one kind are taken unless that costs a fiftieth more.
fn of_tier(
    target: &Target,
    required: &[Candidate],
    groups: &[&Group<'_>],
    mixed: bool,
) -> Result<(Vec<usize>, Outcome), Short> {
    let is_there = |kind: &OutputType| groups.iter().any(|group| group.kind() == Some(*kind));
    let kinds: Vec<OutputType> = KINDS.into_iter().filter(is_there).collect();
    let of = |kind: Option<OutputType>| {
        let fits = |place: &usize| kind.is_none() || groups[*place].kind() == kind;
        let places: Vec<usize> = (0..groups.len()).filter(fits).collect();
        let candidates: Vec<Candidate> = places.iter().map(|place| groups[*place].candidate()).collect();
        let Choice { places: chosen, outcome } = cheapest(target, required, &candidates)?;
        Ok((chosen.into_iter().map(|place| places[place]).collect::<Vec<_>>(), outcome))
    };
    let mut best: Result<(Vec<usize>, Outcome), Short> = Err(Short::Funds);
    for kind in &kinds {
        let found = of(Some(*kind));
        best = match (best, found) {
            (Ok(old), Ok(new)) => Ok(if new.1.cost < old.1.cost { new } else { old }),
            (Ok(old), Err(_)) => Ok(old),
            (Err(_), Ok(new)) => Ok(new),
            (Err(old), Err(new)) => Err(if new == Short::Weight { new } else { old }),
        };
    }
    if !mixed || kinds.len() < 2 {
        return best;
    }
    match (best, of(None)) {
        (Ok(one), Ok(all)) if one.1.cost.saturating_sub(all.1.cost) > all.1.cost / 50 => Ok(all),
        (Ok(one), _) => Ok(one),
        (Err(_), all) => all,
    }
}
