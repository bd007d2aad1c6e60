//! The search next to one that looks at everything.

use bitcoin::Script;
use bitcoin::key::rand::rngs::StdRng;
use bitcoin::key::rand::{Rng as _, SeedableRng as _};

use super::*;
use crate::wallet::weights::InputWeight;

const KINDS: [InputWeight; 3] = [
    InputWeight { weight: 271, segwit: true, beside_segwit: 0 },
    InputWeight { weight: 231, segwit: true, beside_segwit: 0 },
    InputWeight { weight: 588, segwit: false, beside_segwit: 1 },
];

fn coin(value: u64, kind: InputWeight) -> Candidate {
    let mut weights = InputWeights::default();
    weights.add(kind);
    Candidate { value, bump: 0, weights }
}

fn target(value: u64, rate: i64) -> Target {
    let script = Script::from_bytes(&[0; 22]);
    let outputs = OutputWeights::default().with(script);
    let change = ChangeCost { outputs: outputs.with(script), least: 980, spend: 680 };
    Target { value, outputs, rate, from_outputs: false, change, max_weight: 400_000, least_fee: (0, 0) }
}

/// A number whose logarithm is random.
fn any(random: &mut StdRng, low: f64, high: f64) -> u64 {
    10_f64.powf(random.gen_range(low..high)) as u64
}

/// The lowest cost of all choices.
fn by_full_search(target: &Target, coins: &[Candidate]) -> Option<u64> {
    let all = 1_u32..1 << coins.len();
    let outcomes = all.filter_map(|set| {
        let chosen = coins.iter().enumerate().filter(|(place, _)| set & (1 << place) != 0);
        target.outcome_of(chosen.map(|(_, coin)| coin)).ok()
    });
    outcomes.map(|outcome| outcome.cost).min()
}

#[test]
fn no_choice_of_a_dozen_coins_is_cheaper() {
    let mut random = StdRng::seed_from_u64(1);
    let mut found = 0;
    for case in 0..400 {
        let (low, high) = [(3.0, 5.0), (4.0, 8.0), (9.0, 14.0), (2.0, 9.0)][case % 4];
        let count = random.gen_range(1..=12);
        let coins: Vec<_> = (0..count)
            .map(|_| {
                let bump = if random.gen_range(0..5) == 0 { random.gen_range(0..2_000) } else { 0 };
                let mixed = KINDS[random.gen_range(0..if case % 3 == 0 { 3 } else { 1 })];
                Candidate { bump, ..coin(any(&mut random, low, high), mixed) }
            })
            .collect();
        let sum: u64 = coins.iter().map(|coin| coin.value).sum();
        let rate = any(&mut random, 2.0, 5.5).cast_signed();
        let mut wanted = target(random.gen_range(1..=sum), rate);
        wanted.from_outputs = case % 5 == 0;
        if case % 7 == 0 {
            wanted.max_weight = random.gen_range(700..3_000);
        }
        if case % 11 == 0 {
            wanted.least_fee = (random.gen_range(0..5_000), 1_000);
        }
        // What costs more than it brings is not asked for; where the recipients pay it may be needed.
        let worth: Vec<_> = coins.into_iter().filter(|coin| coin.is_worth_its_fee(rate)).collect();
        let choice = cheapest(&wanted, &[], &worth);
        let best = by_full_search(&wanted, &worth);
        assert_eq!(choice.as_ref().ok().map(|choice| choice.outcome.cost), best, "case {case}: {worth:?}");
        if let Ok(choice) = choice {
            found += 1;
            let again = wanted.outcome_of(choice.places.iter().map(|place| &worth[*place]));
            assert_eq!(again, Ok(choice.outcome));
        }
    }
    assert!(found > 200, "{found}");
}

#[test]
fn what_fits_to_the_satoshi_needs_no_change() {
    let coins: Vec<_> = [30_000, 70_000, 45_000, 81_000, 9_000].map(|value| coin(value, KINDS[0])).into();
    for rate in [1_000, 1_100, 1_234, 7_777] {
        let fee = fee_for(rate, (437_u64 + 271).div_ceil(4)).to_sat();
        let choice = cheapest(&target(115_000 - fee, rate), &[], &coins).unwrap();
        assert_eq!((choice.outcome.change, choice.outcome.fee), (None, fee), "{rate}");
    }
}

#[test]
fn one_large_coin_is_taken_rather_than_hundreds_of_small_ones() {
    // Where a small coin costs more than it brings, it is no candidate at all.
    for rate in [1_000, 20_000, 35_000] {
        let coins = [100_000_000].into_iter().chain(std::iter::repeat_n(10_000, 899));
        let coins: Vec<_> = coins.map(|value| coin(value, KINDS[0])).collect();
        let choice = cheapest(&target(50_000_000, rate), &[], &coins).unwrap();
        assert_eq!(choice.places, [0]);
        assert_eq!(choice.outcome.fee, fee_for(rate, 141).to_sat());
    }
}

#[test]
fn of_choices_that_cost_the_same_the_smallest_with_useful_change_is_taken() {
    let coins: Vec<_> = [900_000, 130_000, 400_000, 200_000].map(|value| coin(value, KINDS[0])).into();
    let choice = cheapest(&target(100_000, 1_000), &[], &coins).unwrap();
    assert_eq!((choice.places, choice.outcome.change), (vec![3], Some(99_859)));
}

#[test]
fn the_weight_is_heeded_in_the_choice() {
    let coins = [20_000_000].into_iter().chain(std::iter::repeat_n(1_000_000, 100));
    let coins: Vec<_> = coins.map(|value| coin(value, KINDS[0])).collect();
    let wanted = Target { max_weight: 4_000, ..target(30_000_000, 1_000) };
    let choice = cheapest(&wanted, &[], &coins).unwrap();
    assert!(choice.places.contains(&0) && choice.outcome.weight <= 4_000);
    assert_eq!(cheapest(&Target { max_weight: 3_000, ..wanted }, &[], &coins), Err(Short::Weight));
    assert_eq!(cheapest(&Target { value: 120_000_000, ..wanted }, &[], &coins), Err(Short::Funds));
    // Light coins do where the valuable ones are too heavy.
    let heavy = InputWeight { weight: 3_000, segwit: true, beside_segwit: 0 };
    let coins: Vec<_> = (0..10).map(|n| coin(5_000_000 - n, if n < 5 { heavy } else { KINDS[1] })).collect();
    let choice = cheapest(&Target { max_weight: 2_000, ..target(24_000_000, 1_000) }, &[], &coins).unwrap();
    assert_eq!(choice.outcome.weight, 32 + 8 + 2 + 5 * 231 + 124 + 124);
}

#[test]
fn coins_that_were_selected_are_spent_alone_if_they_are_enough() {
    let selected = [coin(60_000, KINDS[0]), coin(50_000, KINDS[0])];
    let others = [coin(100_300, KINDS[0])];
    let choice = cheapest(&target(100_000, 1_000), &selected, &others).unwrap();
    assert!(choice.places.is_empty());
    assert_eq!(choice.outcome.change, Some(10_000 - 208));
    let more = cheapest(&target(200_000, 1_000), &selected, &others).unwrap();
    assert_eq!(more.places, [0]);
    assert_eq!(cheapest(&target(220_000, 1_000), &selected, &others), Err(Short::Funds));
}

#[test]
fn ten_thousand_coins_take_a_moment() {
    let mut random = StdRng::seed_from_u64(2);
    for rate in [1_000, 30_000] {
        let coins: Vec<_> = (0..10_000).map(|_| coin(any(&mut random, 4.0, 8.0), KINDS[0])).collect();
        let sum: u64 = coins.iter().map(|coin| coin.value).sum();
        for value in [20_000, 5_000_000, 500_000_000, sum / 3] {
            let begun = std::time::Instant::now();
            let choice = cheapest(&target(value, rate), &[], &coins).unwrap();
            assert!(begun.elapsed().as_secs() < 3, "{:?}", begun.elapsed());
            // No choice has fewer coins than the most valuable ones.
            let mut values: Vec<u64> = coins.iter().map(|coin| coin.value).collect();
            values.sort_unstable_by(|a, b| b.cmp(a));
            let mut enough = 0;
            let least = values.iter().take_while(|coin| {
                let more = enough < value;
                enough += **coin;
                more
            });
            let least = 437 + 271 * (least.count() as u64 - 1);
            let least = fee_for(rate, least.div_ceil(4)).to_sat();
            let most = least * 51 / 50 + fee_for(rate, 31 + 68).to_sat() + 680;
            assert!(
                choice.outcome.cost <= most,
                "{value} at {rate}: {:?} of at least {least}",
                choice.outcome
            );
        }
    }
}
