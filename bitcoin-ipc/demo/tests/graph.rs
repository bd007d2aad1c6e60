//! What the programs are made of: a node holds no wallet, a wallet holds no node, and neither kernel nor
//! keys come in by another way.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::collections::BTreeSet;
use std::process::Command;

/// The names of all that a package is built of on this system, itself among them, without what only tests
/// use. (`cargo metadata` would want the crates of all other systems downloaded too.)
fn built_of(package: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "--edges=normal,build", "--prefix=none", "-p", package])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn a_node_holds_no_wallet_and_a_wallet_no_node() {
    let node = built_of("bitcoin-node");
    let wallet = built_of("bitcoin-wallet");
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
    let both = built_of("bitcoind");
    assert!(node.is_subset(&both) && wallet.is_subset(&both));
    for shared in ["bitcoin-init", "bitcoin-rpc"] {
        let shared = built_of(shared);
        assert!(shared.is_subset(&node) && shared.is_subset(&wallet));
    }
}
