//! Transactions that come together.

use super::*;
use crate::persist::journal::Record;
use crate::policy::package;

fn shared(txs: &[&Transaction]) -> Vec<Arc<Transaction>> {
    txs.iter().map(|tx| Arc::new((*tx).clone())).collect()
}

impl Mempool {
    fn take_all(&mut self, chain: &Chain, txs: &[&Transaction]) -> PackageVerdict {
        self.accept_package(chain, &shared(txs), at(NOW))
    }
}

fn message(verdict: &PackageVerdict) -> String {
    verdict.refused.as_ref().map_or_else(|| "success".to_owned(), ToString::to_string)
}

/// Which transactions of a verdict were taken, were there, or why not.
fn each(verdict: &PackageVerdict, txs: &[&Transaction]) -> Vec<String> {
    let text = |tx: &&Transaction| match &verdict.outcomes[&tx.compute_wtxid()] {
        Outcome::Taken { .. } => "taken".to_owned(),
        Outcome::Present { .. } => "present".to_owned(),
        Outcome::OtherWitness(_) => "other witness".to_owned(),
        Outcome::Refused(rejected) => rejected.reason.clone(),
    };
    txs.iter().map(text).collect()
}

/// A transaction of a version that spends outputs.
fn versioned(version: i32, inputs: &[Input], outputs: &[u64]) -> Transaction {
    let tx = Transaction { version: transaction::Version(version), ..unsigned(inputs, outputs) };
    sign(tx, inputs)
}

/// An output of a transaction, to be spent.
fn of(tx: &Transaction, index: u32) -> Input {
    (OutPoint::new(tx.compute_txid(), index), tx.output[index as usize].value.to_sat())
}

fn large(bytes: usize) -> Transaction {
    let mut tx = pay(1, 1000);
    let push = bitcoin::script::PushBytesBuf::try_from(vec![0; bytes]).unwrap();
    tx.output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return(push) });
    tx
}

#[test]
fn the_form_of_a_package() {
    let parent = spend(&[(outpoint(1), 100_000)], &[40_000, 50_000]);
    let (left, right) = (child(&parent, 0, 100), child(&parent, 1, 100));
    let both = spend(&[of(&left, 0), of(&right, 0)], &[80_000]);
    let top = spend(&[of(&parent, 1), of(&left, 0)], &[70_000]);
    let check = |txs: &[&Transaction]| package::check(&shared(txs));
    assert_eq!(check(&[&parent, &left, &right, &both]), Ok(()));
    assert_eq!(check(&[&left, &parent]), Err("package-not-sorted"));
    assert_eq!(check(&[&left, &both, &right]), Err("package-not-sorted"));
    assert_eq!(check(&[&left, &left]), Err("package-contains-duplicates"));
    assert_eq!(check(&[&left, &top]), Ok(()));
    assert_eq!(check(&[&top, &right]), Err("conflict-in-package"));
    let nothing = Transaction { input: Vec::new(), ..both.clone() };
    assert_eq!(check(&[&nothing]), Err("conflict-in-package"));
    // What one spends twice is for the rules of one transaction.
    let twice = unsigned(&[(outpoint(1), 1), (outpoint(1), 1)], &[1]);
    assert_eq!(check(&[&twice]), Ok(()));
    let many: Vec<_> = (0..26).map(|number| pay(number, 100)).collect();
    assert_eq!(check(&many.iter().collect::<Vec<_>>()), Err("package-too-many-transactions"));
    assert_eq!(check(&many[..25].iter().collect::<Vec<_>>()), Ok(()));
    // 404,000 weight units, unless one alone has more.
    let rest = 404_000 - pay(2, 1).weight().to_wu() - large(70_000).weight().to_wu();
    let most = 70_000 + usize::try_from(rest / 4).unwrap();
    assert_eq!(check(&[&large(most), &pay(2, 1)]), Ok(()));
    assert_eq!(check(&[&large(most + 1), &pay(2, 1)]), Err("package-too-large"));
    assert_eq!(check(&[&large(200_000)]), Ok(()));
    let family = |txs: &[&Transaction]| {
        let txs = shared(txs);
        (package::is_child_with_parents(&txs), package::is_child_with_parents_tree(&txs))
    };
    assert_eq!(family(&[&left, &right, &both]), (true, true));
    assert_eq!(family(&[&parent, &left, &top]), (true, false));
    assert_eq!(family(&[&parent, &left, &right]), (false, false));
    assert_eq!(family(&[&parent]), (false, false));
    assert_eq!(family(&[]), (false, false));
}

#[test]
fn a_child_pays_for_its_parents_and_all_come_in_order() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let parents = [pay(1, 0), pay(2, 900), pay(3, 5)];
    let inputs = parents.each_ref().map(|tx| of(tx, 0));
    let last = spend(&inputs, &[290_000]);
    let txs = [&parents[0], &parents[1], &parents[2], &last];
    let verdict = pool.take_all(&chain, &txs);
    assert_eq!((&*message(&verdict), pool.len()), ("success", 4));
    // The second needs nobody, so its fee does not count for the others.
    let ids = [&parents[1], &parents[0], &parents[2], &last].map(|tx| (None, tx.compute_txid()));
    assert_eq!(told(&verdict.changes), ids);
    let sequences = verdict.changes.iter().map(|change| match change {
        Change::Added { sequence, .. } => *sequence,
        Change::Removed(removed) => removed.sequence,
    });
    assert_eq!((sequences.collect::<Vec<_>>(), pool.sequence()), (vec![1, 2, 3, 4], 5));
    let Outcome::Taken { rate, together, .. } = &verdict.outcomes[&last.compute_wtxid()] else { panic!() };
    let vsize: usize = [&parents[0], &parents[2], &last].iter().map(|tx| tx.vsize()).sum();
    let fee = 300_000 - 905 - 290_000 + 5;
    assert_eq!(*rate, Rate::of(fee, vsize as u64));
    let wtxids = [&parents[0], &parents[2], &last].map(|tx| tx.compute_wtxid());
    assert_eq!(*together, wtxids);
    let entry = pool.get(&last.compute_txid()).unwrap();
    assert!(entry.has_parents && entry.sequence == 2);
    let again = pool.take_all(&chain, &txs);
    assert_eq!((&*message(&again), again.changes.len()), ("success", 0));
    assert_eq!(each(&again, &txs), ["present"; 4]);
    // The index of a cluster is right for all of them.
    let chunks = pool.cluster_packages(&last.compute_txid());
    assert_eq!(chunks.iter().map(|chunk| chunk.entries.len()).sum::<usize>(), 4);
    assert!(pool.cluster_packages(&outpoint(1).txid).is_empty());
}

#[test]
fn of_a_package_that_fails_only_those_stay_that_need_no_other() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let (good, free) = (pay(1, 500), pay(2, 0));
    let mut forged = spend(&[of(&good, 0), of(&free, 0)], &[150_000]);
    forged.output[0].value -= Amount::ONE_SAT;
    let txs = [&good, &free, &forged];
    let verdict = pool.take_all(&chain, &txs);
    assert_eq!(message(&verdict), "transaction failed");
    assert!(pool.holds(&[&good]));
    assert_eq!(told(&verdict.changes), [(None, good.compute_txid())]);
    let reasons = each(&verdict, &txs);
    assert_eq!(reasons[..2], ["taken", "min relay fee not met"]);
    assert!(reasons[2].starts_with("mempool-script-verify-flag-failed"), "{reasons:?}");
    // One that is wrong by itself: the rest is not looked at together.
    let poor = spend(&[of(&good, 0), of(&free, 0)], &[250_000]);
    let verdict = pool.take_all(&chain, &[&good, &free, &poor]);
    let reasons = each(&verdict, &[&good, &free, &poor]);
    // The missing coins of the parent come first.
    assert_eq!(reasons, ["present", "min relay fee not met", "bad-txns-in-belowout"]);
    let (own, limit) =
        (pay(3, 0), AcceptOptions { max_fee_rate: Some(Rate::from_sat_per_kvb(10_000)), ..at(NOW) });
    let dear = child(&own, 0, 1101);
    let verdict = pool.accept_package(&chain, &shared(&[&own, &dear]), limit);
    assert_eq!(each(&verdict, &[&own, &dear]), ["min relay fee not met", "max feerate exceeded"]);
    let fair = child(&own, 0, 1100);
    let verdict = pool.accept_package(&chain, &shared(&[&own, &fair]), limit);
    assert_eq!(message(&verdict), "success");
}

#[test]
fn a_test_changes_nothing_and_tells_of_each() {
    let (chain, mut pool) = (Chain::new(), mempool());
    pool.take(&chain, &pay(9, 500)).unwrap();
    let before = (pool.len(), pool.sequence(), pool.usage());
    let (parent, free) = (pay(1, 500), pay(2, 0));
    let options = AcceptOptions { test_only: true, ..at(NOW) };
    let mut test = |txs: &[&Transaction]| pool.accept_package(&chain, &shared(txs), options);
    let heirs = [child(&parent, 0, 500), child(&free, 0, 9000)];
    let good = test(&[&parent, &heirs[0], &pay(3, 100)]);
    assert_eq!(each(&good, &[&parent, &heirs[0], &pay(3, 100)]), ["taken"; 3]);
    let bad = test(&[&parent, &free, &heirs[1]]);
    assert_eq!((&*message(&bad), bad.outcomes.len()), ("transaction failed", 1));
    assert_eq!(each(&bad, &[&free]), ["min relay fee not met"]);
    let mut forged = heirs[0].clone();
    forged.output[0].value -= Amount::ONE_SAT;
    let bad = test(&[&parent, &forged]);
    assert_eq!(each(&bad, &[&parent])[0], "taken");
    assert!(each(&bad, &[&forged])[0].starts_with("mempool-script"), "{bad:?}");
    assert_eq!(each(&test(&[&pay(9, 5000), &parent]), &[&pay(9, 5000)]), ["bip125-replacement-disallowed"]);
    assert_eq!(each(&test(&[&pay(9, 500), &parent]), &[&pay(9, 500)]), ["txn-already-in-mempool"]);
    assert_eq!((pool.len(), pool.sequence(), pool.usage()), before);
}

#[test]
fn a_pair_replaces_what_its_parent_alone_could_not() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let old = spend(&[(outpoint(1), 100_000), (outpoint(2), 100_000)], &[100_000, 99_000]);
    let below = child(&old, 0, 500);
    pool.take(&chain, &old).unwrap();
    pool.take(&chain, &below).unwrap();
    let parent = pay(1, 10);
    let poor = child(&parent, 0, 1400);
    let verdict = pool.take_all(&chain, &[&parent, &poor]);
    let text = "package RBF failed: insufficient anti-DoS fees, rejecting replacement";
    assert!(message(&verdict).starts_with(text), "{verdict:?}");
    assert_eq!(
        each(&verdict, &[&parent, &poor]),
        ["min relay fee not met", "bad-txns-inputs-missingorspent"]
    );
    assert!(pool.holds(&[&old, &below]) && verdict.changes.is_empty());
    let rich = child(&parent, 0, 5000);
    let verdict = pool.take_all(&chain, &[&parent, &rich]);
    let gone = Some(MempoolRemovalReason::Replaced);
    let ids = [
        (gone, old.compute_txid()),
        (gone, below.compute_txid()),
        (None, parent.compute_txid()),
        (None, rich.compute_txid()),
    ];
    assert_eq!(told(&verdict.changes), ids);
    let Outcome::Taken { replaced, .. } = &verdict.outcomes[&parent.compute_wtxid()] else { panic!() };
    assert_eq!(*replaced, [old.compute_txid(), below.compute_txid()]);
    assert!(pool.holds(&[&parent, &rich]));
}

#[test]
fn room_is_made_once_the_whole_package_is_there() {
    let chain = Chain::new();
    let mut pool = mempool();
    pool.take(&chain, &pay(0, 1000)).unwrap();
    let mut pool =
        mempool_of(MempoolOptions { max_bytes: pool.usage() * 7 / 2, ..MempoolOptions::default() });
    for number in 1..4 {
        pool.take(&chain, &pay(number, 1000 * u64::from(number))).unwrap();
    }
    let evicted = |number: u8| {
        (Some(MempoolRemovalReason::SizeLimit), pay(number, 1000 * u64::from(number)).compute_txid())
    };
    // By itself the parent would be the first to go.
    let parent = pay(4, 500);
    let rich = child(&parent, 0, 6000);
    let verdict = pool.take_all(&chain, &[&parent, &rich]);
    assert_eq!(message(&verdict), "success");
    let added = [(None, parent.compute_txid()), (None, rich.compute_txid())];
    assert_eq!(told(&verdict.changes), [&added[..], &[evicted(1), evicted(2)]].concat());
    // Now that the mempool is full the lowest rate holds for the package as a whole.
    let rate = pool.min_rate(NOW);
    assert!(rate > Rate::from_sat_per_kvb(10_000));
    let (low, poor) = (pay(5, 200), pay(6, 200));
    let pays_little = child(&low, 0, 300);
    let verdict = pool.take_all(&chain, &[&low, &pays_little]);
    assert_eq!(each(&verdict, &[&low, &pays_little]), ["mempool min fee not met"; 2]);
    let pays = child(&poor, 0, 4000);
    let verdict = pool.take_all(&chain, &[&poor, &pays]);
    // Enough for the rate, but what is there pays more: it came and had to go.
    assert_eq!(each(&verdict, &[&poor, &pays]), ["mempool full"; 2]);
    assert_eq!(message(&verdict), "transaction failed");
    let ids: Vec<_> = told(&verdict.changes).into_iter().map(|(_, txid)| txid).collect();
    let (poor, pays) = (poor.compute_txid(), pays.compute_txid());
    assert_eq!(ids, [poor, pays, poor, pays]);
    assert!(pool.info(NOW).usage <= pool.options().max_bytes);
}

#[test]
fn a_chain_that_cannot_be_read_is_no_verdict_on_a_package() {
    struct Broken(Chain, OutPoint);
    impl View for Broken {
        fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
            if *outpoint == self.1 { Err("the disk is gone".into()) } else { self.0.coin(outpoint) }
        }
        fn height(&self) -> u32 {
            self.0.height()
        }
        fn median_time_past_at(&self, height: u32) -> Result<u32, ViewError> {
            self.0.median_time_past_at(height)
        }
    }
    let mut pool = mempool();
    let (good, lost) = (pay(1, 500), pay(2, 500));
    let last = spend(&[of(&good, 0), of(&lost, 0)], &[190_000]);
    let view = Broken(Chain::new(), outpoint(2));
    let verdict = pool.accept_package(&view, &shared(&[&good, &lost, &last]), at(NOW));
    assert_eq!(verdict.unread(), Some("the disk is gone"));
    // What was taken before is told all the same.
    assert_eq!(told(&verdict.changes), [(None, good.compute_txid())]);
    assert!(pool.holds(&[&good]));
}

#[test]
fn dust_comes_with_a_child_that_spends_it() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let parent = versioned(3, &[(outpoint(1), 100_000)], &[99_900, 100]);
    let leaves_it = versioned(3, &[of(&parent, 0)], &[90_000]);
    let verdict = pool.take_all(&chain, &[&parent, &leaves_it]);
    assert_eq!(message(&verdict), "unspent-dust");
    let reasons = each(&verdict, &[&parent, &leaves_it]);
    assert_eq!(reasons, ["min relay fee not met", "missing-ephemeral-spends"]);
    let spends_it = versioned(3, &[of(&parent, 0), of(&parent, 1)], &[90_000]);
    assert_eq!(message(&pool.take_all(&chain, &[&parent, &spends_it])), "success");
    assert!(pool.holds(&[&parent, &spends_it]));
    // One that pays for itself may not have dust at all.
    let paid = versioned(3, &[(outpoint(2), 100_000)], &[99_800, 100]);
    let spends_it = versioned(3, &[of(&paid, 0), of(&paid, 1)], &[90_000]);
    assert_eq!(each(&pool.take_all(&chain, &[&paid, &spends_it]), &[&paid]), ["dust"]);
}

#[test]
fn restricted_packages_are_one_parent_and_one_child() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let coin = |number: u8| (outpoint(number), 100_000);
    let details = |pool: &mut Mempool, txs: &[&Transaction]| {
        let refused = pool.take_all(&chain, txs).refused.unwrap();
        assert_eq!(refused.by_policy, refused.reason == "TRUC-violation");
        refused.details
    };
    for (version, child_version) in [(2, 3), (3, 2)] {
        let parent = versioned(version, &[coin(1)], &[100_000]);
        let heir = versioned(child_version, &[of(&parent, 0)], &[90_000]);
        let text = details(&mut pool, &[&parent, &heir]);
        assert!(text.contains("cannot spend from"), "{text}");
    }
    let parents = [versioned(3, &[coin(1)], &[100_000]), versioned(3, &[coin(2)], &[100_000])];
    let heir = versioned(3, &[of(&parents[0], 0), of(&parents[1], 0)], &[190_000]);
    let text = details(&mut pool, &[&parents[0], &parents[1], &heir]);
    assert!(text.ends_with("would have too many ancestors"), "{text}");
    // A parent that is there and one that comes are two as well.
    let here = versioned(3, &[coin(3)], &[99_000]);
    pool.take(&chain, &here).unwrap();
    let heir = versioned(3, &[of(&here, 0), of(&parents[0], 0)], &[190_000]);
    let text = details(&mut pool, &[&parents[0], &heir]);
    assert!(text.ends_with("would have too many ancestors"), "{text}");
    let inputs: Vec<_> = std::iter::once(of(&parents[0], 0)).chain((10..25).map(coin)).collect();
    let large = versioned(3, &inputs, &[1_500_000]);
    let text = details(&mut pool, &[&parents[0], &large]);
    assert!(text.contains("version=3 child tx") && text.ends_with("> 1000 virtual bytes"), "{text}");
    // Only a test can have more generations or two children.
    let options = AcceptOptions { test_only: true, ..at(NOW) };
    let mut tested =
        |txs: &[&Transaction]| pool.accept_package(&chain, &shared(txs), options).refused.unwrap().details;
    let top = versioned(3, &[coin(4)], &[50_000, 49_000]);
    let (left, right) = (versioned(3, &[of(&top, 0)], &[49_000]), versioned(3, &[of(&top, 1)], &[48_000]));
    assert!(tested(&[&top, &left, &right]).ends_with("would exceed descendant count limit"));
    let bottom = versioned(3, &[of(&left, 0)], &[48_000]);
    let text = tested(&[&top, &left, &bottom]);
    assert!(text.starts_with(&format!("tx {}", bottom.compute_txid())), "{text}");
    assert!(text.ends_with("would have too many ancestors"), "{text}");
}

#[test]
fn packages_come_back_from_their_records() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let (one, other) = (pay(1, 0), versioned(3, &[(outpoint(2), 100_000)], &[99_900, 100]));
    let heir = versioned(3, &[of(&other, 0), of(&other, 1)], &[90_000]);
    pool.take_all(&chain, &[&other, &heir]);
    let rich = spend(&[of(&one, 0), of(&pay(3, 0), 0)], &[190_000]);
    pool.take_all(&chain, &[&one, &pay(3, 0), &rich]);
    let grandchild = child(&rich, 0, 100);
    pool.take(&chain, &grandchild).unwrap();
    let all = [&one, &pay(3, 0), &rich, &grandchild, &other, &heir];
    assert!(pool.holds(&all));
    let later = NOW + 50;
    let mut new = mempool();
    let changes = new.restore(&chain, pool.records(), later);
    assert!(new.holds(&all), "{new:?}");
    assert_eq!(changes.len(), all.len());
    assert!(all.iter().all(|tx| new.get(&tx.compute_txid()).unwrap().time == NOW));
    // In the order in which they came too, which is that of a journal that was not written anew.
    let record = |tx: &&Transaction| Record::Transaction { tx: Arc::new((*tx).clone()), time: NOW, delta: 0 };
    let mut new = mempool();
    new.restore(&chain, all.iter().map(record).collect(), later);
    assert!(new.holds(&all));
}
