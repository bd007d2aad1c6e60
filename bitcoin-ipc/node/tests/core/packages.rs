//! Transactions that come together.
//!
//! In: packages of every kind. Out: the verdicts of both nodes on each, and what their mempools hold
//! then, which must be the same.

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{Amount, Transaction, TxOut, Witness};
use serde_json::json;

use super::answers::ADDRESS;
use super::both::Both;
use super::spending::{
    Coin, REWARD, anchor, coin, data, halve, list, look, output, pay, pay_by, pay_with_data, reward, send,
    spend, submit, test,
};

/// What is said of scripts that fail: ours does not know why.
const WORDS: &[&str] = &["reject-reason", "reject-details", "error"];

fn submit_forged(both: &Both, txs: &[&Transaction]) {
    let answer = both.same_without("submitpackage", json!([list(txs)]), WORDS).unwrap();
    assert_eq!(answer["package_msg"], "transaction failed");
    look(both, txs);
}

fn ready() -> Both {
    let both = Both::start();
    both.generate(140, ADDRESS);
    both
}

pub(crate) fn packages_are_tested_the_same() {
    let both = ready();
    let [a, b, c] = [1, 2, 3].map(|height| reward(&both, height));
    let parent = pay(&[a], 1000);
    let child = pay(&[coin(&parent, 0)], 2000);
    let other = pay(&[b], 3000);
    let good = test(&both, &[&parent, &child, &other]);
    assert!(good.as_array().unwrap().iter().all(|tx| tx["allowed"] == true), "{good}");
    for rate in [0.000_05, 0.000_15, 0.000_2] {
        both.same("testmempoolaccept", json!([list(&[&parent, &child, &other]), rate])).unwrap();
    }
    // What no package may be.
    let double = pay(&[a], 9000);
    let other_witness = spend(2, &[a], parent.output.clone(), 1);
    assert_eq!(other_witness.compute_txid(), parent.compute_txid());
    for (txs, error) in [
        (vec![&child, &parent], "package-not-sorted"),
        (vec![&parent, &parent], "package-contains-duplicates"),
        (vec![&parent, &other_witness], "package-contains-duplicates"),
        (vec![&parent, &double], "conflict-in-package"),
    ] {
        assert_eq!(test(&both, &txs)[0]["package-error"], error);
    }
    let large = pay_with_data(2, &[a], 100_000, 60_000);
    let large_too = pay_with_data(2, &[b], 100_000, 60_000);
    assert_eq!(test(&both, &[&large, &large_too])[0]["package-error"], "package-too-large");
    // Each stands for itself.
    let free = pay(&[c], 0);
    let pays = pay(&[coin(&free, 0)], 9000);
    test(&both, &[&parent, &free, &pays]);
    test(&both, &[&parent, &pays]);
    let mut forged = pay(&[coin(&parent, 0)], 2000);
    forged.output[0].value -= Amount::ONE_SAT;
    forged.input[0].witness = Witness::new();
    let txs = json!([list(&[&parent, &forged, &other])]);
    let tested = both.same_without("testmempoolaccept", txs, WORDS).unwrap();
    assert_eq!(tested[1]["allowed"], false);
    let mut empty = pay(&[b], 100);
    empty.output.clear();
    test(&both, &[&parent, &empty]);
    // Nothing is replaced, and what is there is not tested again.
    send(&both, &parent);
    test(&both, &[&double, &other]);
    test(&both, &[&parent, &child]);
    test(&both, &[&other_witness, &child]);
    assert_eq!(test(&both, &[&child, &other])[0]["allowed"], true);
    for (name, params) in [
        ("testmempoolaccept", json!([vec!["00"; 26]])),
        ("testmempoolaccept", json!([[serialize_hex(&child), "zz"]])),
        ("testmempoolaccept", json!([[serialize_hex(&child), 1]])),
        ("testmempoolaccept", json!([list(&[&child, &other]), 1])),
    ] {
        both.same(name, params).unwrap_err();
    }
    both.finish();
}

pub(crate) fn packages_are_taken_the_same() {
    let both = ready();
    let mut rewards = (1..=40).map(|height| reward(&both, height));
    let mut next = || rewards.next().unwrap();
    // A child pays for its parent, and once more nothing changes.
    let parent = pay(&[next()], 0);
    let child = pay(&[coin(&parent, 0)], 2000);
    assert_eq!(submit(&both, &[&parent]), "transaction failed");
    assert_eq!(submit(&both, &[&parent, &child]), "success");
    assert_eq!(submit(&both, &[&parent, &child]), "success");
    // The child has another witness than the one that is there.
    let mut other_witness = spend(2, &[coin(&parent, 0)], child.output.clone(), 1);
    assert_eq!(submit(&both, &[&parent, &other_witness]), "success");
    other_witness.input[0].witness = Witness::new();
    assert_eq!(submit(&both, &[&other_witness]), "success");
    // Both pay enough by themselves; one pays too little together with its child too.
    let parent = pay(&[next()], 500);
    let child = pay(&[coin(&parent, 0)], 300);
    assert_eq!(submit(&both, &[&parent, &child]), "success");
    let poor = pay(&[next()], 0);
    let poor_child = pay(&[coin(&poor, 0)], 20);
    assert_eq!(submit(&both, &[&poor, &poor_child]), "transaction failed");
    // Three parents: one pays, one does not, and one is there already.
    let parents = [pay(&[next()], 5000), pay(&[next()], 0), pay(&[next()], 700)];
    let child = pay(&parents.each_ref().map(|tx| coin(tx, 0)), 3000);
    send(&both, &parents[2]);
    assert_eq!(submit(&both, &[&parents[0], &parents[1], &child]), "success");
    // A bad one keeps none of the good ones away.
    let good = pay(&[next()], 600);
    let mut bad = pay(&[next()], 700);
    bad.input[0].witness = Witness::new();
    let child = pay(&[coin(&good, 0), coin(&bad, 0)], 4000);
    submit_forged(&both, &[&good, &bad, &child]);
    // A signature that is wrong shows only once the package is looked at.
    let parent = pay(&[next()], 0);
    let mut child = pay(&[coin(&parent, 0)], 4000);
    child.input[0].witness = Witness::new();
    submit_forged(&both, &[&parent, &child]);
    // Fees that look like a mistake, of the child and of the parent.
    let parent = pay(&[next()], 0);
    let child = pay(&[coin(&parent, 0)], 2000);
    for rate in [json!(0.000_05), json!("0.00018181"), json!(0.000_19), json!(1)] {
        let _ = both.same("submitpackage", json!([list(&[&parent, &child]), rate]));
    }
    let dear = pay(&[next()], 100_000_000);
    let child = pay(&[coin(&dear, 0)], 2000);
    assert_eq!(submit(&both, &[&dear, &child]), "transaction failed");
    both.same("submitpackage", json!([list(&[&dear, &child]), 0])).unwrap();
    look(&both, &[&dear, &child]);
    // Money that nobody can spend.
    let burned = TxOut { value: Amount::from_sat(700), ..data(40) };
    let burns = spend(2, &[next()], vec![output(REWARD - 1700), burned], 0);
    both.same("submitpackage", json!([list(&[&burns])])).unwrap_err();
    both.same("submitpackage", json!([list(&[&burns]), null, 0.000_006_99])).unwrap_err();
    both.same("submitpackage", json!([list(&[&burns]), null, "0.00000700"])).unwrap();
    look(&both, &[&burns]);
    not_packages(&both, [next(), next(), next()]);
    both.generate(1, ADDRESS);
    both.same("getrawmempool", json!([])).unwrap();
    both.same("getmempoolfeeratediagram", json!([])).unwrap();
    // What is in the chain already.
    assert_eq!(submit(&both, &[&good]), "transaction failed");
    both.finish();
}

/// What is no child with its parents.
fn not_packages(both: &Both, [a, b, c]: [Coin; 3]) {
    let top = halve(&[a], 400);
    let left = pay(&[coin(&top, 0)], 400);
    let bottom = pay(&[coin(&top, 1), coin(&left, 0)], 400);
    let far = pay(&[b], 400);
    let grandchild = pay(&[coin(&left, 0)], 400);
    for txs in [
        vec![&top, &left, &bottom],
        vec![&far, &top, &left],
        vec![&left, &top],
        vec![&top, &far],
        vec![&top, &left, &grandchild],
        vec![&top, &top],
        vec![],
        vec![&top; 26],
    ] {
        both.same("submitpackage", json!([list(&txs)])).unwrap_err();
    }
    for params in [json!(["x"]), json!([["00"]]), json!([[1]]), json!([[], 2]), json!([["00"], 0, "x"])] {
        both.same("submitpackage", params).unwrap_err();
    }
    // The child spends from both, which spend the same.
    let (one, other) = (pay(&[c], 100), pay(&[c], 200));
    let child = pay(&[coin(&one, 0), coin(&other, 0)], 500);
    assert_eq!(submit(both, &[&one, &other, &child]), "conflict-in-package");
    let zeros = "0".repeat(64);
    both.same("getmempoolcluster", json!([zeros])).unwrap_err();
    both.same("getmempoolcluster", json!(["00"])).unwrap_err();
}

pub(crate) fn packages_replace_the_same() {
    let both = ready();
    let mut rewards = (1..=40).map(|height| reward(&both, height));
    let mut next = || rewards.next().unwrap();
    let (a, b) = (next(), next());
    let olds = [pay(&[a], 1000), pay(&[b], 1500)];
    let below = pay(&[coin(&olds[0], 0)], 500);
    for old in [&olds[0], &below, &olds[1]] {
        send(&both, old);
    }
    // Fees that are too low in every way.
    let pair = |fee: u64, child_fee: u64| {
        let parent = pay(&[a, b], fee);
        let child = pay(&[coin(&parent, 0)], child_fee);
        [parent, child]
    };
    for (fee, child_fee) in [(0, 2000), (0, 3000), (0, 3010), (2990, 50), (2999, 29), (400, 2999)] {
        let [parent, child] = pair(fee, child_fee);
        submit(&both, &[&parent, &child]);
    }
    let parent = pay(&[a, b], 1000);
    let large = pay_with_data(2, &[coin(&parent, 0)], 15_000, 2000);
    let message = submit(&both, &[&parent, &large]);
    assert!(message.ends_with("does not improve feerate diagram"), "{message}");
    // Neither more than two, nor on top of others.
    let (first, second) = (pay(&[a], 0), pay(&[next()], 0));
    let child = pay(&[coin(&first, 0), coin(&second, 0)], 90_000);
    let message = submit(&both, &[&first, &second, &child]);
    assert_eq!(message, "package RBF failed: package must be 1-parent-1-child");
    let base = pay(&[next()], 1000);
    send(&both, &base);
    let parent = pay(&[a], 0);
    let child = pay(&[coin(&parent, 0), coin(&base, 0)], 90_000);
    let message = submit(&both, &[&parent, &child]);
    assert_eq!(message, "package RBF failed: new transaction cannot have mempool ancestors");
    // Enough; and what was replaced is gone.
    let [parent, child] = pair(100, 9000);
    assert_eq!(submit(&both, &[&parent, &child]), "success");
    look(&both, &[&olds[0], &olds[1], &below]);
    // One of the pair replaces by itself.
    let alone = pay(&[a], 20_000);
    let child = pay(&[coin(&alone, 0)], 100);
    assert_eq!(submit(&both, &[&alone, &child]), "success");
    // The child has the conflict.
    let c = next();
    send(&both, &pay(&[c], 700));
    let parent = pay(&[next()], 0);
    let child = pay(&[coin(&parent, 0), c], 9000);
    assert_eq!(submit(&both, &[&parent, &child]), "success");
    both.finish();
}

pub(crate) fn restricted_packages_are_taken_the_same() {
    let both = ready();
    let mut rewards = (1..=40).map(|height| reward(&both, height));
    let mut next = || rewards.next().unwrap();
    // Nothing is paid by the parent, whose dust the child has to spend.
    let with_dust = |from: Coin, version: i32, fee: u64, dust: u64| {
        let value = from.value - fee - dust;
        let ephemeral = TxOut { value: Amount::from_sat(dust), script_pubkey: anchor() };
        spend(version, &[from], vec![output(value), ephemeral], 0)
    };
    for version in [2, 3] {
        for dust in [0, 200] {
            let from = next();
            let paid = with_dust(from, version, 100, dust);
            let child = pay_by(version, &[coin(&paid, 0), coin(&paid, 1)], 2000);
            assert_eq!(submit(&both, &[&paid, &child]), "transaction failed");
            let parent = with_dust(from, version, 0, dust);
            let child = pay_by(version, &[coin(&parent, 0)], 2000);
            assert_eq!(submit(&both, &[&parent, &child]), "unspent-dust");
            let child = pay_by(version, &[coin(&parent, 0), coin(&parent, 1)], 2000);
            assert_eq!(submit(&both, &[&parent, &child]), "success");
        }
    }
    // Versions do not mix, in the package or with what is there.
    for (version, child_version) in [(2, 3), (3, 2)] {
        let parent = pay_by(version, &[next()], 0);
        let child = pay_by(child_version, &[coin(&parent, 0)], 2000);
        assert!(submit(&both, &[&parent, &child]).starts_with("TRUC-violation"));
        let parent = pay_by(version, &[next()], 200);
        send(&both, &parent);
        let free = pay_by(child_version, &[next()], 0);
        let child = pay_by(child_version, &[coin(&parent, 0), coin(&free, 0)], 2000);
        assert_eq!(submit(&both, &[&free, &child]), "transaction failed");
    }
    // Sizes.
    let parent = pay_with_data(3, &[next()], 0, 9800);
    let child = pay_with_data(3, &[coin(&parent, 0)], 9000, 1000);
    submit(&both, &[&parent, &child]);
    let child = pay_by(3, &[coin(&parent, 0)], 9000);
    assert_eq!(submit(&both, &[&parent, &child]), "success");
    let large = pay_with_data(3, &[next()], 0, 10_000);
    let child = pay_by(3, &[coin(&large, 0)], 9000);
    assert_eq!(submit(&both, &[&large, &child]), "transaction failed");
    // One parent and one child only.
    let parents = [pay_by(3, &[next()], 0), pay_by(3, &[next()], 0)];
    let child = pay_by(3, &parents.each_ref().map(|tx| coin(tx, 0)), 9000);
    submit(&both, &[&parents[0], &parents[1], &child]);
    let here = pay_by(3, &[next()], 300);
    send(&both, &here);
    let child = pay_by(3, &[coin(&here, 0), coin(&parents[0], 0)], 9000);
    submit(&both, &[&parents[0], &child]);
    let half = |from: Coin| {
        let half = from.value / 2;
        spend(3, &[from], vec![output(half), output(half)], 0)
    };
    let parent = half(next());
    let (left, right) = (pay_by(3, &[coin(&parent, 0)], 5000), pay_by(3, &[coin(&parent, 1)], 9000));
    test(&both, &[&parent, &left, &right]);
    assert_eq!(submit(&both, &[&parent, &left]), "success");
    // It takes the place of its sibling, for which the package is not needed.
    assert_eq!(submit(&both, &[&parent, &right]), "success");
    let low = pay_by(3, &[coin(&parent, 0)], 1000);
    assert_eq!(submit(&both, &[&parent, &low]), "transaction failed");
    let top = pay_by(3, &[next()], 300);
    let middle = pay_by(3, &[coin(&top, 0)], 300);
    let bottom = pay_by(3, &[coin(&middle, 0)], 9000);
    test(&both, &[&top, &middle, &bottom]);
    send(&both, &top);
    submit(&both, &[&middle, &bottom]);
    both.finish();
}

pub(crate) fn clusters_are_told_and_limited_the_same() {
    let both = ready();
    let mut rewards = (1..=10).map(|height| reward(&both, height));
    let mut last = halve(&[rewards.next().unwrap()], 300);
    let first = last.clone();
    send(&both, &last);
    for step in 0..61 {
        last = pay(&[coin(&last, 0)], 200 + 37 * (step % 5));
        send(&both, &last);
    }
    look(&both, &[&first, &last]);
    let free = pay(&[coin(&last, 0)], 0);
    let full = [pay(&[rewards.next().unwrap()], 0), pay(&[rewards.next().unwrap()], 0)];
    let child = pay(&[coin(&free, 0), coin(&full[0], 0), coin(&full[1], 0)], 9000);
    assert_eq!(submit(&both, &[&free, &full[0], &full[1], &child]), "too-large-cluster");
    let child = pay(&[coin(&free, 0)], 9000);
    assert_eq!(submit(&both, &[&free, &child]), "success");
    look(&both, &[&first, &last]);
    // A tree whose branches pay for themselves, or for what is above them.
    let root = spend(2, &[rewards.next().unwrap()], vec![output(REWARD / 4 - 100); 4], 0);
    send(&both, &root);
    for (vout, fee) in [(0, 3000), (1, 150), (2, 900)] {
        send(&both, &pay(&[coin(&root, vout)], fee));
    }
    look(&both, &[&root]);
    both.same("prioritisetransaction", json!([root.compute_txid().to_string(), null, 5000])).unwrap();
    look(&both, &[&root]);
    both.finish();
}

pub(crate) fn mempool_files_are_read() {
    let both = Both::start();
    both.same("importmempool", json!(["/nowhere"])).unwrap_err();
    both.generate(140, ADDRESS);
    let mut rewards = (1..=10).map(|height| reward(&both, height));
    let mut next = || rewards.next().unwrap();
    // What only Core has, with fees that its user changed.
    let parent = pay(&[next()], 1000);
    let child = pay(&[coin(&parent, 0)], 2000);
    let (common, absent) = (pay(&[next()], 500), pay(&[next()], 600));
    for tx in [&parent, &child] {
        both.core("sendrawtransaction", json!([serialize_hex(tx)])).unwrap();
    }
    send(&both, &common);
    for (tx, delta) in [(&child, 777), (&common, -50), (&absent, 321)] {
        let txid = tx.compute_txid().to_string();
        both.core("prioritisetransaction", json!([txid, null, delta])).unwrap();
    }
    let core_file = both.core("savemempool", json!([])).unwrap()["filename"].clone();
    both.same("setmocktime", json!([1_700_000_500])).unwrap();
    // Names, and options of a wrong type.
    both.same("importmempool", json!([core_file, { "use_current_time": 1 }])).unwrap_err();
    both.same("importmempool", json!([core_file, 5])).unwrap_err();
    both.same("importmempool", json!([5])).unwrap_err();
    both.same("importmempool", json!([""])).unwrap_err();
    both.same("importmempool", json!({ "filepath": "/nowhere", "use_current_time": true })).unwrap_err();
    both.same("importmempool", json!({ "filepath": "/nowhere", "x": true })).unwrap_err();
    let options = json!({ "use_current_time": false, "apply_fee_delta_priority": true });
    assert_eq!(both.ours("importmempool", json!([core_file, options])), Ok(json!({})));
    both.same("getprioritisedtransactions", json!([])).unwrap();
    look(&both, &[&parent, &child, &common]);
    // Again, now into both; deltas are added once more.
    let named = json!({ "filepath": core_file, "apply_fee_delta_priority": true });
    assert_eq!(both.same("importmempool", named), Ok(json!({})));
    both.same("getprioritisedtransactions", json!([])).unwrap();
    look(&both, &[&parent, &child, &common]);
    // Files that end early or are something else.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let bytes = std::fs::read(core_file.as_str().unwrap()).unwrap();
    let torn = [&bytes[..bytes.len() - 1], &bytes[..30], &bytes[..10], b"\x03\0\0\0\0\0\0\0", b"", b"x"];
    for bytes in torn {
        std::fs::write(&path, bytes).unwrap();
        both.same("importmempool", json!([path])).unwrap_err();
    }
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(both.same("importmempool", json!([path])), Ok(json!({})));
    both.finish();
}
