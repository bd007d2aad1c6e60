//! Coins: a map that goes out with questions and comes back with answers.

use std::collections::BTreeMap;

use bitcoin::{Amount, OutPoint};
use bitcoin_ipc::types::WireFeeRate;

use crate::ends::Ends;
use crate::sample::{coin, outpoint};
use crate::script::same;

pub(crate) fn coins_come_back_in_the_map_that_asked(ends: &Ends) {
    let chain = ends.chain();
    let asked = BTreeMap::from([(outpoint(1), None), (outpoint(2), Some(coin(9))), (outpoint(3), None)]);
    let found =
        BTreeMap::from([(outpoint(1), Some(coin(1))), (outpoint(2), None), (outpoint(3), Some(coin(3)))]);
    ends.peer.script.expect("find_coins", format!("{asked:?}"), found.clone());
    let mut coins = asked;
    assert_eq!(chain.find_coins(&mut coins), Ok(()));
    assert_eq!(coins, found);
    // What the other end takes out or adds is taken out or added here.
    for answer in [BTreeMap::new(), found] {
        ends.peer.script.expect("find_coins", format!("{coins:?}"), answer.clone());
        assert_eq!(chain.find_coins(&mut coins), Ok(()));
        assert_eq!(coins, answer);
    }
}

pub(crate) fn bump_fees_are_by_coin_and_for_all(ends: &Ends) {
    let (chain, script) = (ends.chain(), &ends.peer.script);
    let target = WireFeeRate::from_sat_per_kvb(12_345);
    let none: [OutPoint; 0] = [];
    same!(script, chain.calculate_individual_bump_fees(&none, &target), BTreeMap::new());
    let fees: BTreeMap<_, _> = (1..100).map(|n| (outpoint(n), Amount::from_sat(n.into()))).collect();
    let outpoints: Vec<_> = fees.keys().copied().collect();
    same!(script, chain.calculate_individual_bump_fees(&outpoints, &target), fees);
    same!(script, chain.calculate_combined_bump_fee(&outpoints, &target), Some(Amount::from_sat(4950)));
}
