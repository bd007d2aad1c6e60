//! The drivers against the programs they were written for.
//!
//! Each test starts a `bitcoin-node` on a chain of its own; the environment says where there is one.
//! `bitcoin-cli` is looked for beside it and in a neighbouring `bin`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use mp_foreign::{Basics, Chain, CoinbaseTx, Dispatch, Plan, Template, sv2, v30, v31, v32};
use tempfile::TempDir;

/// The variables that name a node, by wire form.
const V30: &str = "BITCOIN_NODE_V30";
const V31: &str = "BITCOIN_NODE_V31";
const V32: &str = "BITCOIN_NODE";

/// A test's name, and the variables that it needs; without them it counts as ignored.
type Test = (&'static str, &'static [&'static str], fn());

/// The tests.
const TESTS: &[Test] = &[
    ("v30_drives_its_node", &[V30], v30_drives_its_node),
    ("v31_drives_its_node", &[V31], v31_drives_its_node),
    (
        "v31_drives_a_node_of_the_next_form_but_for_solutions",
        &[V32],
        v31_drives_a_node_of_the_next_form_but_for_solutions,
    ),
    (
        "v30_is_told_that_a_later_node_does_not_serve_it",
        &[V31, V32],
        v30_is_told_that_a_later_node_does_not_serve_it,
    ),
    ("v32_drives_its_node", &[V32], v32_drives_its_node),
    ("sv2_drives_a_node_of_30", &[V30], sv2_drives_a_node_of_30),
    ("sv2_drives_a_node_of_31", &[V31], sv2_drives_a_node_of_31),
    ("sv2_drives_a_node_of_32", &[V32], sv2_drives_a_node_of_32),
];

fn main() {
    for variable in [V30, V31, V32] {
        if std::env::var_os(variable).is_none() {
            println!("SKIPPED: set {variable} to the path of a bitcoin-node of that release");
        }
    }
    let trials = TESTS.iter().map(|(name, variables, test)| {
        let ready = variables.iter().all(|variable| std::env::var_os(variable).is_some());
        Trial::test(*name, || {
            test();
            Ok(())
        })
        .with_ignored_flag(!ready)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// The blocks there are when a test begins: enough for scripts that name a height in two bytes.
const BLOCKS: u32 = 101;
/// The first subsidy of a regtest chain, in satoshis.
const SUBSIDY: i64 = 5_000_000_000;
/// The address of BIP 173's first example, in regtest's form.
const ADDRESS: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

/// A node under way, killed when dropped.
struct Node {
    process: Child,
    cli: PathBuf,
    port: u16,
    dir: TempDir,
}

impl Node {
    /// Starts the node that a variable names, with `BLOCKS` blocks.
    fn start(variable: &str) -> Self {
        let program = std::env::var_os(variable).map(PathBuf::from).unwrap();
        let beside = program.with_file_name("bitcoin-cli");
        let cli = if beside.exists() {
            beside
        } else {
            program.ancestors().nth(2).unwrap().join("bin/bitcoin-cli")
        };
        let dir = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(&program)
            .arg("-regtest")
            .arg(format!("-datadir={}", dir.path().display()))
            .arg(format!("-ipcbind=unix:{}", dir.path().join("n.sock").display()))
            .args(["-listen=0", "-server=1", "-fallbackfee=0.0001", "-debug=ipc"])
            .arg(format!("-rpcport={port}"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let node = Self { process, cli, port, dir };
        node.cli(&["-rpcwait", "-rpcwaittimeout=30", "getblockcount"]);
        node.generate(BLOCKS);
        node
    }

    fn cli(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.cli)
            .arg(format!("-datadir={}", self.dir.path().display()))
            .arg("-regtest")
            .arg(format!("-rpcport={}", self.port))
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "bitcoin-cli {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn generate(&self, blocks: u32) {
        self.cli(&["generatetoaddress", &blocks.to_string(), ADDRESS]);
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("n.sock")
    }

    /// The hash of the last block as the wire has it.
    fn tip(&self) -> Vec<u8> {
        let printed = self.cli(&["getbestblockhash"]);
        (0..printed.len())
            .step_by(2)
            .rev()
            .map(|i| u8::from_str_radix(&printed[i..i + 2], 16).unwrap())
            .collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn check_basics(basics: &Basics, plan: &Plan) {
    assert_eq!(basics.echoed, plan.echo);
    assert!(basics.thread_name.contains("driver's name"), "{basics:?}");
    assert!(basics.without_thread.is_err(), "{basics:?}");
}

fn check_chain(chain: &Chain, node: &Node) {
    assert!(chain.is_test_chain);
    assert!(!chain.is_initial_block_download);
    let tip = chain.tip.as_ref().unwrap();
    assert_eq!((&tip.hash, tip.height), (&node.tip(), BLOCKS as i32));
    assert_eq!((tip, tip), (&chain.tip_after_wait, &chain.tip_at_once));
}

fn check_template(template: &Template, node: &Node) {
    assert_eq!(template.header.len(), 80);
    assert_eq!(template.header[4..36], node.tip());
    // All but the root of the hashes, which stands in the header only once a solution was submitted.
    assert_eq!(template.block[..36], template.header[..36]);
    assert_eq!((template.tx_fees.len(), template.tx_sigops.len(), template.merkle_path.len()), (0, 0, 0));
    assert!(!template.next_after_timeout && !template.interrupted.next && template.interrupted.meanwhile);
    match &template.interrupted.answer {
        Ok(()) => assert!(template.interrupted.took < Duration::from_secs(4), "{:?}", template.interrupted),
        Err(error) => assert!(error.contains("not implemented"), "{error}"),
    }
    // No root and a nonce of zero; in regtest every second hash is work enough.
    let reason: &str = &template.checked.reason;
    assert!(!template.checked.accepted && ["high-hash", "bad-txnmrklroot"].contains(&reason), "{reason}");
    assert!(template.checked_contents.accepted, "{:?}", template.checked_contents);
}

fn check_coinbase(coinbase: &CoinbaseTx) {
    assert_eq!(coinbase.block_reward_remaining, SUBSIDY);
    // The script that pushes the height, which is 102.
    assert_eq!(coinbase.script_sig_prefix, [1, 102]);
    assert_eq!((coinbase.witness.len(), coinbase.required_outputs.len()), (32, 1));
}

/// The ways in which a client may treat threads of its own.
fn plans() -> [Plan; 2] {
    [true, false].map(|own_threads| Plan { own_threads, ..Plan::default() })
}

fn v30_drives_its_node() {
    let node = Node::start(V30);
    for plan in plans() {
        let seen = run(v30::drive(&node.socket(), &plan)).unwrap();
        eprintln!("{seen:#?}");
        check_basics(&seen.basics, &plan);
        check_chain(&seen.chain, &node);
        check_template(&seen.template, &node);
        assert!(!seen.submitted);
        assert!(!seen.coinbase_tx.is_empty() && !seen.coinbase_commitment.is_empty());
        assert_eq!(seen.witness_commitment_index, 1);
    }
}

fn v31_drives_its_node() {
    let node = Node::start(V31);
    for plan in plans() {
        let seen = run(v31::drive(&node.socket(), &plan)).unwrap();
        eprintln!("{seen:#?}");
        check_v31(&seen, &plan, &node);
        assert_eq!(seen.submitted, Ok(false));
    }
}

fn check_v31(seen: &v31::Seen, plan: &Plan, node: &Node) {
    check_basics(&seen.basics, plan);
    check_chain(&seen.chain, node);
    check_template(&seen.template, node);
    check_coinbase(&seen.coinbase_tx);
    assert!(seen.interrupted_tip.hash.is_empty());
    let error = seen.make_mining_old.as_ref().unwrap_err();
    assert!(error.contains("Old mining interface"), "{error}");
}

fn v31_drives_a_node_of_the_next_form_but_for_solutions() {
    let node = Node::start(V32);
    let plan = Plan::default();
    let seen = run(v31::drive(&node.socket(), &plan)).unwrap();
    check_v31(&seen, &plan, &node);
    let error = seen.submitted.unwrap_err();
    assert!(error.contains("Old submitSolution"), "{error}");
}

fn v30_is_told_that_a_later_node_does_not_serve_it() {
    for variable in [V31, V32] {
        let node = Node::start(variable);
        let error = run(v30::drive(&node.socket(), &Plan::default())).unwrap_err();
        assert!(error.starts_with("makeMining: ") && error.contains("Old mining interface"), "{error}");
    }
}

fn v32_drives_its_node() {
    let node = Node::start(V32);
    for dispatch in [Dispatch::Named, Dispatch::Pool] {
        for plan in plans() {
            let plan = Plan { dispatch, ..plan };
            let seen = run(v32::drive(&node.socket(), &plan)).unwrap();
            eprintln!("{seen:#?}");
            check_basics(&seen.basics, &plan);
            check_chain(&seen.chain, &node);
            check_template(&seen.template, &node);
            check_coinbase(&seen.coinbase_tx);
            assert!(seen.interrupted_tip.hash.is_empty());
            assert!(!seen.submitted.accepted && !seen.submitted.reason.is_empty());
            assert!(!seen.submitted_block.accepted);
            assert_eq!(seen.submitted_block.reason, "high-hash");
            assert_eq!((seen.by_txid, seen.by_wtxid), (vec![vec![]], vec![vec![]]));
            assert!(seen.rpc.contains(&format!("\"result\":{BLOCKS}")), "{}", seen.rpc);
            assert!(
                seen.rpc_malformed.is_err()
                    || seen.rpc_malformed.is_ok_and(|text| text.contains("\"error\""))
            );
            let errors = [seen.make_mining_old.unwrap_err(), seen.submit_solution_old.unwrap_err()];
            assert!(errors[0].contains("Old mining interface"), "{errors:?}");
            assert!(errors[1].contains("Old submitSolution"), "{errors:?}");
        }
    }
}

fn provider(node: &Node, version: sv2::Version) {
    let before = node.tip();
    let advance = async || node.generate(1);
    let start = Instant::now();
    let seen = run(sv2::drive(&node.socket(), version, &Plan::default(), advance)).unwrap();
    eprintln!("{seen:#?} in {:?}", start.elapsed());
    assert_eq!((&seen.first.prev_hash, &seen.next.prev_hash), (&before, &node.tip()));
    assert_eq!((seen.first.template_id, seen.next.template_id), (0, 1));
    assert_eq!((seen.first.coinbase_value, seen.next.coinbase_value), (SUBSIDY as u64, SUBSIDY as u64));
    assert!(seen.first.future && seen.next.future && seen.transactions.is_empty());
}

fn sv2_drives_a_node_of_30() {
    let node = Node::start(V30);
    provider(&node, sv2::Version::V30X);
}

fn sv2_drives_a_node_of_31() {
    let node = Node::start(V31);
    provider(&node, sv2::Version::V31X);
}

fn sv2_drives_a_node_of_32() {
    let node = Node::start(V32);
    provider(&node, sv2::Version::V31X);
}
