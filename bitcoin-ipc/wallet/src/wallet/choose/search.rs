//! The cheapest choice of coins.
//!
//! In: what coins hold and weigh, what is to be paid, at which rate. Out: the coins that pay it for the lowest
//! cost, which is the fee, and what change will cost when it is spent.
//!
//! A depth-first search goes over the coins from the most valuable on, with or without each, and leaves out
//! whatever cannot be better than the best choice so far (branch and bound). It is exact for some dozens of
//! coins; with more it ends after a number of steps, and begins with choices that are good in large wallets.
//! All of it is in whole numbers: floating point is off by more than a fee where amounts are large.

use std::cmp::Reverse;

use crate::wallet::fees::fee_for;
use crate::wallet::weights::{InputWeights, OutputWeights};

/// How many choices are looked at.
const STEPS: usize = 100_000;

/// Change below this is avoided where it costs nothing, as it is hardly worth spending: Bitcoin Core's
/// `CHANGE_LOWER`, in satoshi.
const USEFUL_CHANGE: u64 = 50_000;

/// Coins that are spent together or not at all. Amounts are in satoshi.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) value: u64,
    /// What it takes to lift unconfirmed transactions below it to the rate.
    pub(crate) bump: u64,
    pub(crate) weights: InputWeights,
}

impl Candidate {
    /// Whether spending it brings more than it costs.
    pub(crate) fn is_worth_its_fee(&self, rate: i64) -> bool {
        let fee = fee_for(rate, self.weights.least().div_ceil(4)).to_sat();
        self.value > self.bump.saturating_add(fee)
    }
}

/// Change, if there is any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChangeCost {
    /// The outputs with it.
    pub(crate) outputs: OutputWeights,
    /// The least that is worth an output.
    pub(crate) least: u64,
    /// What it will cost to spend it.
    pub(crate) spend: u64,
}

/// What is to be paid. The rate is in satoshi for 1000 virtual bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// The sum of the outputs.
    pub(crate) value: u64,
    pub(crate) outputs: OutputWeights,
    pub(crate) rate: i64,
    /// Whether the fee is taken from the outputs.
    pub(crate) from_outputs: bool,
    pub(crate) change: ChangeCost,
    pub(crate) max_weight: u64,
    /// A fee that is the least in any case, with a rate for what is paid on top of it: those of a
    /// replacement.
    pub(crate) least_fee: (u64, i64),
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Which candidates, by their places.
    pub(crate) places: Vec<usize>,
    pub(crate) outcome: Outcome,
}

/// What comes of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The fee, with what lifts transactions below.
    pub(crate) fee: u64,
    pub(crate) change: Option<u64>,
    /// What the choice costs: the fee, what recipients get on top, and the spending of change.
    pub(crate) cost: u64,
    pub(crate) weight: u64,
}

/// Why there is no choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Short {
    /// There is not enough.
    Funds,
    /// There is, but not within the weight.
    Weight,
}

/// Sums over chosen coins.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    value: i128,
    bump: i128,
    weights: InputWeights,
}

impl Sums {
    fn add(&mut self, coin: &Candidate) {
        self.value += i128::from(coin.value);
        self.bump += i128::from(coin.bump);
        self.weights.merge(coin.weights);
    }

    fn take(&mut self, coin: &Candidate) {
        self.value -= i128::from(coin.value);
        self.bump -= i128::from(coin.bump);
        self.weights.take(coin.weights);
    }
}

impl Target {
    fn fee(&self, weight: u64, bump: i128) -> i128 {
        let (vbytes, (least, added)) = (weight.div_ceil(4), self.least_fee);
        let of = |rate| i128::from(fee_for(rate, vbytes).to_sat());
        (of(self.rate) + bump).max(i128::from(least) + of(added))
    }

    /// What comes of these coins; `Err` says what they lack.
    fn outcome(&self, sums: &Sums) -> Result<Outcome, Short> {
        let rest = sums.value - i128::from(self.value);
        let plain = sums.weights.with_outputs(self.outputs);
        let with = sums.weights.with_outputs(self.change.outputs);
        let (fee, fee_with) = (self.fee(plain, sums.bump), self.fee(with, sums.bump));
        let change = if self.from_outputs { rest } else { rest - fee_with };
        let number = |number: i128| u64::try_from(number).unwrap_or(u64::MAX);
        if plain > self.max_weight {
            return Err(Short::Weight);
        }
        let outcome = if change >= i128::from(self.change.least) {
            let cost = fee_with + i128::from(self.change.spend);
            Outcome { fee: number(fee_with), change: Some(number(change)), cost: number(cost), weight: with }
        } else if self.from_outputs && rest >= 0 {
            // The recipients get what is left over, and pay the fee.
            Outcome { fee: number(fee), change: None, cost: number(fee + rest), weight: plain }
        } else if !self.from_outputs && rest >= fee {
            Outcome { fee: number(rest), change: None, cost: number(rest), weight: plain }
        } else {
            return Err(Short::Funds);
        };
        if outcome.weight > self.max_weight { Err(Short::Weight) } else { Ok(outcome) }
    }

    /// The outcome of some candidates.
    pub(crate) fn outcome_of<'a>(
        &self,
        coins: impl IntoIterator<Item = &'a Candidate>,
    ) -> Result<Outcome, Short> {
        let mut sums = Sums::default();
        coins.into_iter().for_each(|coin| sums.add(coin));
        self.outcome(&sums)
    }
}

/// Four thousandths of a satoshi, in which a fee is a whole number of the rate times the weight.
type Fine = i128;

fn fine(satoshi: i128) -> Fine {
    satoshi * 4000
}

/// The candidates in the order in which they are gone through, and what is left from each place on.
struct Order<'a> {
    target: &'a Target,
    /// The places of the candidates.
    places: Vec<usize>,
    coins: Vec<Candidate>,
    /// What each brings towards the target.
    brings: Vec<Fine>,
    /// What all from a place on bring.
    left: Vec<Fine>,
    /// The least that any of those from a place on costs, and weighs.
    cheapest: Vec<Fine>,
    lightest: Vec<u64>,
}

impl<'a> Order<'a> {
    fn new(target: &'a Target, candidates: &[Candidate]) -> Self {
        let cost = |coin: &Candidate| {
            fine(coin.bump.into()) + i128::from(target.rate.max(0)) * i128::from(coin.weights.least())
        };
        let brings =
            |coin: &Candidate| fine(coin.value.into()) - if target.from_outputs { 0 } else { cost(coin) };
        let mut places: Vec<usize> = (0..candidates.len()).collect();
        places.sort_by_key(|place| {
            let coin = &candidates[*place];
            (Reverse(brings(coin)), cost(coin))
        });
        let coins: Vec<Candidate> = places.iter().map(|place| candidates[*place]).collect();
        let brings: Vec<Fine> = coins.iter().map(brings).collect();
        let places_and_end = coins.len() + 1;
        let (mut left, mut cheapest) = (vec![0; places_and_end], vec![Fine::MAX; places_and_end]);
        let mut lightest = vec![u64::MAX; places_and_end];
        for (place, coin) in coins.iter().enumerate().rev() {
            left[place] = left[place + 1] + brings[place].max(0);
            cheapest[place] = cheapest[place + 1].min(cost(coin));
            lightest[place] = lightest[place + 1].min(coin.weights.least());
        }
        Order { target, places, coins, brings, left, cheapest, lightest }
    }

    /// What is missing at least to pay without change; negative for more than enough.
    fn missing(&self, sums: &Sums) -> Fine {
        let target = self.target;
        let paid = fine(sums.value - i128::from(target.value));
        if target.from_outputs { -paid } else { self.spent(sums) - paid }
    }

    /// The least that a choice costs which has these coins.
    fn spent(&self, sums: &Sums) -> Fine {
        let weight = sums.weights.with_outputs(self.target.outputs);
        fine(sums.bump) + i128::from(self.target.rate.max(0)) * i128::from(weight)
    }

    /// Whether it is of no use to add any from a place on.
    fn is_hopeless(&self, sums: &Sums, from: usize, best: Option<u64>) -> bool {
        let (Some(brings), missing) = (self.brings.get(from), self.missing(sums)) else { return true };
        if missing > self.left[from] || *brings <= 0 {
            return true;
        }
        // So many at least, none of which costs less than the cheapest or weighs less than the lightest.
        let count = ((missing + brings - 1) / brings).max(1);
        let weight = i128::from(sums.weights.with_outputs(self.target.outputs));
        if weight + count * i128::from(self.lightest[from]) > i128::from(self.target.max_weight) {
            return true;
        }
        let least = self.spent(sums) + count * self.cheapest[from];
        best.is_some_and(|best| least >= fine(best.into()))
    }

    /// The next place whose coin is not like the one at a place.
    fn after_alike(&self, place: usize) -> usize {
        let coin = self.coins[place];
        let alike = self.coins[place..].iter().take_while(|other| **other == coin);
        place + alike.count()
    }
}

/// The best choice so far.
struct Best<'a> {
    target: &'a Target,
    found: Option<(Outcome, i128, Vec<usize>)>,
}

impl Best<'_> {
    /// Takes a choice if it is better: cheaper, or as cheap with more useful change, or of less value. Gives whether
    /// more coins could make it better, as it lacks something or has no change.
    fn consider(&mut self, sums: &Sums, chosen: impl FnOnce() -> Vec<usize>) -> bool {
        let outcome = match self.target.outcome(sums) {
            Ok(outcome) => outcome,
            Err(Short::Funds) => return true,
            Err(Short::Weight) => return false,
        };
        let rank = |outcome: &Outcome, value: i128| {
            (outcome.cost, outcome.change.is_some_and(|change| change < USEFUL_CHANGE), value)
        };
        let better = self
            .found
            .as_ref()
            .is_none_or(|(best, value, _)| rank(&outcome, sums.value) < rank(best, *value));
        if better {
            self.found = Some((outcome, sums.value, chosen()));
        }
        outcome.change.is_none()
    }

    fn cost(&self) -> Option<u64> {
        self.found.as_ref().map(|(outcome, ..)| outcome.cost)
    }
}

/// Finds the cheapest choice that has some coins in any case. If these are enough there is no other one.
///
/// # Errors
///
/// There is none.
pub(crate) fn cheapest(
    target: &Target,
    required: &[Candidate],
    candidates: &[Candidate],
) -> Result<Choice, Short> {
    let mut base = Sums::default();
    required.iter().for_each(|coin| base.add(coin));
    match target.outcome(&base) {
        Err(Short::Funds) => {}
        // A transaction spends something.
        Ok(_) if required.is_empty() => {}
        Ok(outcome) => return Ok(Choice { places: Vec::new(), outcome }),
        Err(short) => return Err(short),
    }
    let order = Order::new(target, candidates);
    if order.missing(&base) > order.left[0] {
        return Err(Short::Funds);
    }
    let mut best = Best { target, found: None };
    one_or_two(&order, &base, &mut best);
    by_density(&order, &base, &mut best);
    depth_first(&order, base, &mut best);
    if let Some((outcome, _, chosen)) = best.found {
        let places = chosen.into_iter().map(|place| order.places[place]).collect();
        return Ok(Choice { places, outcome });
    }
    let unlimited = Target { max_weight: u64::MAX, ..*target };
    let useful = (0..order.coins.len()).filter(|place| order.brings[*place] > 0);
    useful.for_each(|place| base.add(&order.coins[place]));
    Err(unlimited.outcome(&base).map_or(Short::Funds, |_| Short::Weight))
}

fn depth_first(order: &Order<'_>, base: Sums, best: &mut Best<'_>) {
    let (mut sums, mut chosen, mut next) = (base, Vec::new(), 0);
    for _ in 0..STEPS {
        while order.is_hopeless(&sums, next, best.cost()) {
            let Some(last) = chosen.pop() else { return };
            sums.take(&order.coins[last]);
            next = order.after_alike(last);
        }
        sums.add(&order.coins[next]);
        chosen.push(next);
        if best.consider(&sums, || chosen.clone()) {
            next += 1;
        } else {
            chosen.pop();
            sums.take(&order.coins[next]);
            next = order.after_alike(next);
        }
    }
}

/// The smallest coin that is enough, and for each smaller one the smallest that is enough with it: in a large
/// wallet some of these come so near that no change is needed.
fn one_or_two(order: &Order<'_>, base: &Sums, best: &mut Best<'_>) {
    let mut consider = |places: &[usize]| {
        let mut sums = *base;
        places.iter().for_each(|place| sums.add(&order.coins[*place]));
        best.consider(&sums, || places.to_vec());
    };
    let missing = order.missing(base);
    let enough = order.brings.partition_point(|brings| *brings >= missing);
    (enough.saturating_sub(2)..enough).for_each(|place| consider(&[place]));
    let (mut large, mut small) = (enough, order.coins.len());
    while large + 1 < small {
        if order.brings[large] + order.brings[small - 1] >= missing {
            consider(&[large, small - 1]);
            large += 1;
        } else {
            small -= 1;
        }
    }
}

/// Coins that bring the most for their weight, until they are enough: where kinds differ in weight, others
/// may be too heavy.
fn by_density(order: &Order<'_>, base: &Sums, best: &mut Best<'_>) {
    let mut places: Vec<usize> = (0..order.coins.len()).filter(|place| order.brings[*place] > 0).collect();
    places.sort_by_key(|place| {
        Reverse(order.brings[*place] / i128::from(order.coins[*place].weights.least().max(1)))
    });
    let mut sums = *base;
    for (count, place) in places.iter().enumerate() {
        sums.add(&order.coins[*place]);
        if order.missing(&sums) <= 0 && !best.consider(&sums, || places[..=count].to_vec()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
