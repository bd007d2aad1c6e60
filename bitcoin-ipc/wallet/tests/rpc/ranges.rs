//! How many numbers of a descriptor are derived, and what happens at the end of them.
//!
//! In: ranges, the number of addresses that a wallet looks ahead. Out: Bitcoin Core's ranges, addresses and errors.

use serde_json::json;

use super::chain::elsewhere;
use super::imports::{ask, create, imported, listed, ok, refused, reload, scripts, xprv, xpub};
use super::node::{Node, btc, script, with_checksum};

#[test]
fn only_what_is_asked_for_is_derived() {
    let node = Node::new();
    create(&node, "w", true);
    let key = xpub(8);
    let range = |path: u32| {
        let all = listed(&node, "w", false);
        let text = with_checksum(&format!("wpkh({key}/{path}/*)"));
        let found = all.iter().find(|one| one["desc"] == text).unwrap().clone();
        (found["range"].clone(), found["next_index"].clone())
    };
    for (path, (given, expected)) in (0..).zip([
        (json!({ "range": [0, 1000] }), (json!([0, 1000]), json!(0))),
        (json!({ "range": 1000 }), (json!([0, 1000]), json!(0))),
        (json!({ "range": [0, 5034], "next_index": 1035 }), (json!([0, 5034]), json!(1035))),
        (json!({ "range": [0, 10_000] }), (json!([0, 10_000]), json!(0))),
        (
            json!({ "range": [2_000_000_000, 2_000_000_009_u32] }),
            (json!([2_000_000_000, 2_000_000_019_u32]), json!(2_000_000_000)),
        ),
        (
            json!({ "range": [2_147_483_640_u32, 2_147_483_646_u32] }),
            (json!([2_147_483_640_u32, 2_147_483_646_u32]), json!(2_147_483_640_u32)),
        ),
    ]) {
        imported(&node, "w", &format!("wpkh({key}/{path}/*)"), given);
        assert_eq!(range(path), expected);
    }
    let high = refused(
        &node,
        "w",
        &format!("wpkh({key}/9/*)"),
        json!({ "range": [2_147_483_647_u32, 2_147_483_647_u32] }),
    );
    assert_eq!(high, (-8, "End of range is too high".into()));
    let first = format!("wpkh({key}/0/*)");
    for smaller in [json!([0, 999]), json!([1, 2000])] {
        let text = format!(
            "Could not add descriptor '{}': new range must include current range = [0,1000]",
            with_checksum(&first)
        );
        assert_eq!(refused(&node, "w", &first, json!({ "range": smaller })), (-4, text));
    }
    imported(&node, "w", &first, json!({ "range": [0, 1500] }));
    assert_eq!(range(0).0, json!([0, 1500]));
    node.chain.mine(1, &scripts(&first, 1400)[0]);
    node.chain.mine(1, &scripts(&format!("wpkh({key}/4/*)"), 2_000_000_005)[0]);
    node.chain.mine(100, &elsewhere());
    assert_eq!(btc(&ok(&node, "w", "getbalance", json!([]))), "100.00000000");
    assert_eq!(range(4), (json!([2_000_000_000, 2_000_000_025_u32]), json!(2_000_000_006)));
    reload(&node, "w");
}

#[test]
fn new_addresses_are_derived_ahead_as_many_as_are_asked_for() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    node.ok("keypoolrefill", json!([200]));
    let sizes = |node: &Node| {
        let info = node.ok("getwalletinfo", json!([]));
        (info["keypoolsize"].clone(), info["keypoolsize_hd_internal"].clone())
    };
    assert_eq!(sizes(&node), (json!(800), json!(800)));
    assert!(listed(&node, "w", false).iter().all(|one| one["range"] == json!([0, 199])));
    node.ok("getnewaddress", json!([]));
    node.ok("keypoolrefill", json!([]));
    assert_eq!(sizes(&node), (json!(799), json!(800)), "it is never less");
    reload(&node, "w");
    assert_eq!(node.code("keypoolrefill", json!([-1])), -8);
    node.ok("keypoolrefill", json!([2000]));
    assert_eq!(sizes(&node), (json!(8000), json!(8000)));
    reload(&node, "w");
    assert_eq!(sizes(&node), (json!(8000), json!(8000)));
    assert!(listed(&node, "w", false).iter().all(|one| {
        let next = one["next_index"].as_u64().unwrap();
        one["range"] == json!([0, next + 1999])
    }));
}

#[test]
fn a_locked_wallet_gives_out_hardened_addresses_as_far_as_they_were_derived() {
    let node = Node::new();
    create(&node, "w", false);
    let desc = format!("wpkh({}/0h/*h)", xprv(7));
    imported(&node, "w", &desc, json!({ "active": true, "range": [0, 4] }));
    ok(&node, "w", "encryptwallet", json!(["secret"]));
    let end = listed(&node, "w", false).iter().find(|one| one["active"] == true).unwrap()["range"][1].clone();
    for number in 0..=u32::try_from(end.as_u64().unwrap()).unwrap() {
        let address = ok(&node, "w", "getnewaddress", json!(["", "bech32"]));
        assert_eq!(script(&address), scripts(&desc, number)[0]);
    }
    let out = (-12, "Error: Keypool ran out, please call keypoolrefill first".to_owned());
    for wallet in ["before", "after a reload"] {
        assert_eq!(ask(&node, "w", "getnewaddress", json!(["", "bech32"])), Err(out.clone()), "{wallet}");
        reload(&node, "w");
    }
    ok(&node, "w", "walletpassphrase", json!(["secret", 60]));
    let next = u32::try_from(end.as_u64().unwrap()).unwrap() + 1;
    let address = ok(&node, "w", "getnewaddress", json!(["", "bech32"]));
    assert_eq!(script(&address), scripts(&desc, next)[0]);
}

#[test]
fn a_wallet_that_looks_one_ahead_takes_any_range() {
    let node = Node::of_one_address();
    create(&node, "w", true);
    let desc = format!("wpkh({}/*)", xpub(8));
    imported(&node, "w", &desc, json!({ "active": true, "range": [0, 99], "next_index": 50 }));
    let range = |node: &Node| listed(node, "w", false)[0]["range"].clone();
    assert_eq!(range(&node), json!([0, 99]));
    for number in [0, 99] {
        node.chain.mine(1, &scripts(&desc, number)[0]);
    }
    assert_eq!(range(&node), json!([0, 100]), "the last one is used: one more");
    let address = ok(&node, "w", "getnewaddress", json!(["", "bech32"]));
    assert_eq!(script(&address), scripts(&desc, 100)[0]);
    node.chain.mine(1, &script(&address));
    node.chain.mine(100, &elsewhere());
    for _ in ["before", "after a reload"] {
        assert_eq!(btc(&ok(&node, "w", "getbalance", json!([]))), "150.00000000");
        reload(&node, "w");
    }
}
