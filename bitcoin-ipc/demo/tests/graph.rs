//! What the programs are made of: a node holds no wallet, a wallet holds no node, and neither kernel nor
//! keys come in by another way.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// For each package the names of all that it is built of, itself among them.
struct Graph {
    names: BTreeMap<String, String>,
    uses: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn read() -> Graph {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version=1", "--offline", "--locked"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |value: &Value| value.as_array().unwrap().clone();
        let names =
            list(&metadata["packages"]).iter().map(|one| (text(&one["id"]), text(&one["name"]))).collect();
        let nodes = list(&metadata["resolve"]["nodes"]);
        let uses = nodes.iter().map(|node| {
            let used = list(&node["deps"]);
            // What only tests use is not in a program.
            let built =
                used.iter().filter(|dep| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev"));
            (text(&node["id"]), built.map(|dep| text(&dep["pkg"])).collect())
        });
        Graph { names, uses: uses.collect() }
    }

    fn of(&self, name: &str) -> BTreeSet<&str> {
        let mut open: Vec<&String> =
            self.names.iter().filter(|(_, own)| *own == name).map(|(id, _)| id).collect();
        assert_eq!(open.len(), 1, "{name}");
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(&self.uses[id]);
            }
        }
        seen.into_iter().map(|id| self.names[id].as_str()).collect()
    }
}

#[test]
fn a_node_holds_no_wallet_and_a_wallet_no_node() {
    let graph = Graph::read();
    let node = graph.of("bitcoin-node");
    let wallet = graph.of("bitcoin-wallet");
    for (program, has, lacks) in [
        (&node, ["bitcoinkernel", "redb"], ["bitcoin-wallet", "bdk_wallet", "bdk_chain", "rusqlite"]),
        (
            &wallet,
            ["bdk_wallet", "rusqlite"],
            ["bitcoin-node", "bitcoinkernel", "libbitcoinkernel-sys", "redb"],
        ),
    ] {
        for name in has {
            assert!(program.contains(name), "{name} is not in {program:?}");
        }
        for name in lacks {
            assert!(!program.contains(name), "{name} is in {program:?}");
        }
    }
    let both = graph.of("bitcoind");
    assert!(node.is_subset(&both) && wallet.is_subset(&both));
    for shared in ["bitcoin-init", "bitcoin-rpc"] {
        let shared = graph.of(shared);
        assert!(shared.is_subset(&node) && shared.is_subset(&wallet));
    }
}
