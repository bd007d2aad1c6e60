//! Warnings of the kernel reach the user, wherever the user looks.
//!
//! In: blocks that signal for rules that nobody knows. Out: one text, and a signal that it is there.

use std::sync::mpsc;
use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::Network;
use bitcoin::block::Version;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::state::{Options, State};
use serde_json::json;

use crate::running::with_node;
use crate::{PATIENCE, mine};

/// The end of the period after the one in which the rules are locked in.
const ACTIVE: u32 = 3 * 144 - 1;

#[test]
fn rules_that_the_node_does_not_know_are_told_everywhere() {
    with_node(&[], |running, node, _| {
        let (alert, alerts) = mpsc::channel();
        let handler = node
            .handle_notify_alert_changed(Box::new(move || {
                let _ = alert.send(());
                Ok(())
            }))
            .unwrap();
        let told = || {
            for method in ["getblockchaininfo", "getmininginfo", "getnetworkinfo"] {
                let info = node.execute_rpc(method, &json!([]).into(), "/").unwrap().unwrap();
                let texts: Vec<_> =
                    info["warnings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
                assert_eq!(texts.join("<hr />"), node.get_warnings().unwrap().original, "{method}");
            }
            node.get_warnings().unwrap().translated
        };

        // The kernel looks at new blocks only, by the real time.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let start = u32::try_from(now).unwrap() - 2 * ACTIVE;
        let state = &running.offer().state;
        let mut parent = state.tip().hash;
        for height in 1..=ACTIVE + 1 {
            let mut block = mine::block(parent, height, 0, mine::REWARD >> (height / 150), &[]);
            block.header.version = Version::from_consensus(0x2000_0010);
            block.header.time = start + height;
            mine::grind(&mut block, true);
            assert_eq!(state.process_block(&block).unwrap(), Verdict::Valid);
            parent = block.block_hash();
            if height == ACTIVE - 1 {
                assert_eq!((told().as_str(), alerts.try_iter().count()), ("", 0));
            }
        }
        assert_eq!(told(), "Unknown new rules activated (versionbit 4)");
        assert!(alerts.recv_timeout(PATIENCE).is_ok());
        assert_eq!(alerts.try_iter().count(), 0);
        handler.disconnect().unwrap();
    });
}

#[test]
fn a_kernel_that_cannot_go_on_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let (signals, (told, alerts)) = (Signals::default(), mpsc::channel());
    let _handler = signals.alert.add(Box::new(move || {
        let _ = told.send(());
        Ok(())
    }));
    let options = Options::new(directory.path(), Network::Regtest);
    let state = State::open(&options, signals, Shutdown::new()).unwrap();
    let first = mine::block(state.tip().hash, 1, 0, mine::REWARD, &[]);
    assert_eq!(state.process_block(&first).unwrap(), Verdict::Valid);
    // Nothing can be written to a directory.
    let undo = directory.path().join("blocks/rev00000.dat");
    std::fs::remove_file(&undo).unwrap();
    std::fs::create_dir(&undo).unwrap();
    let second = mine::block(first.block_hash(), 2, 0, mine::REWARD, &[]);
    state.process_block(&second).unwrap_err();
    assert_eq!(state.warnings(), ["Failed to write undo data."]);
    assert!(alerts.recv_timeout(PATIENCE).is_ok());
    assert_eq!(alerts.try_iter().count(), 0);
}
