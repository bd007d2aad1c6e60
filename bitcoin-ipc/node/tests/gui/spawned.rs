//! A node that a GUI starts and ends: the real program, as a child process.

use std::sync::mpsc;
use std::time::Duration;

use bitcoin::Network;
use bitcoin::constants::genesis_block;
use bitcoin_ipc::interfaces::{Init, Node};
use bitcoin_ipc::types::GlobalArgs;
use mp_runtime::{Child, EventLoop, Remote, SpawnArgument, spawn};
use serde_json::json;

use crate::global_args;

/// How long the program may take to end.
const PATIENCE: Duration = Duration::from_secs(60);

fn start() -> (Child, Remote<dyn Init>, Box<dyn Node>) {
    let event_loop = EventLoop::new("gui").unwrap();
    let program = env!("CARGO_BIN_EXE_bitcoin-node");
    let (child, init) = spawn::<dyn Init>(&event_loop, program, SpawnArgument::default()).unwrap();
    let node = init.make_node().unwrap().unwrap();
    (child, init, node)
}

fn ends_in_order(mut child: Child) {
    let status = child.wait_timeout(PATIENCE).unwrap().expect("the end of the program");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_gui_starts_and_ends_its_node() {
    let directory = tempfile::tempdir().unwrap();
    let args = global_args(directory.path(), &[("debug", json!("rpc")), ("limitancestorsize", json!("1"))]);
    let (child, init, node) = start();
    let (told, messages) = mpsc::channel();
    let _handler = node
        .handle_init_message(Box::new(move |message| {
            let _ = told.send(message.to_owned());
            Ok(())
        }))
        .unwrap();
    let (told, warnings) = mpsc::channel();
    let _box = node
        .handle_message_box(Box::new(move |message, style| {
            let _ = told.send((message.original.clone(), style));
            Ok(true)
        }))
        .unwrap();

    // Before it has its settings, and before it has started.
    node.init_logging().unwrap();
    assert!(node.get_persistent_setting("par").unwrap_err().text().contains("baseInitialize"));
    assert!(node.app_init_main().unwrap().unwrap_err().contains("base_initialize comes first"));
    assert!(node.get_num_blocks().unwrap_err().text().contains("not running"));
    assert!(init.make_chain().is_err());
    assert_eq!(node.get_nodes_stats().unwrap(), None);

    assert_eq!(node.base_initialize(&args).unwrap(), Ok(true));
    assert!(node.base_initialize(&args).unwrap().is_err(), "once only");
    assert_eq!(node.get_log_categories().unwrap(), 1 << 7);
    let tip = node.app_init_main().unwrap().unwrap().expect("a start");
    let genesis = genesis_block(Network::Regtest);
    assert_eq!((tip.block_height, tip.header_height), (0, 0));
    assert_eq!(tip.block_time, i64::from(genesis.header.time));
    assert!(messages.try_iter().any(|message| message == "Loading block index…"));
    let (warning, style) = warnings.try_recv().expect("a warning");
    assert!(warning.starts_with("Option '-limitancestorsize' is given"), "{warning}");
    assert_eq!(style, 2, "a warning");
    assert_eq!(node.get_best_block_hash().unwrap(), genesis.block_hash());
    assert_eq!(node.execute_rpc("getblockcount", &json!([]).into(), "/").unwrap(), Ok(json!(0)));
    assert!(node.wallet_loader().err().unwrap().text().contains("-disablewallet"));
    assert!(node.app_init_main().unwrap().unwrap_err().contains("started before"));

    node.start_shutdown().unwrap();
    assert!(node.shutdown_requested().unwrap());
    node.app_shutdown().unwrap();
    assert!(node.get_num_blocks().unwrap_err().text().contains("not running"));
    assert_eq!(node.get_exit_status().unwrap(), 0);
    drop((node, _handler, _box, init));
    ends_in_order(child);
    let log = std::fs::read_to_string(directory.path().join("regtest/debug.log")).unwrap();
    assert!(log.contains("Shutdown: done"), "{log}");
}

#[test]
fn a_node_ends_in_order_when_its_gui_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let args = global_args(directory.path(), &[]);
    for _ in 0..2 {
        let (child, init, node) = start();
        assert_eq!(node.base_initialize(&args).unwrap(), Ok(true));
        assert!(node.app_init_main().unwrap().unwrap().is_some());
        let chain = init.make_chain().unwrap();
        init.connection().close();
        drop((node, chain, init));
        ends_in_order(child);
    }
    let log = std::fs::read_to_string(directory.path().join("regtest/debug.log")).unwrap();
    assert_eq!(log.matches("Shutdown: done").count(), 2, "{log}");
    assert!(!log.contains("did not end in order"), "{log}");
}

#[test]
fn a_node_that_cannot_start_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let cases = [
        ("limitclustercount", json!("65"), "limitclustercount must be less than or equal to 64"),
        ("maxmempool", json!("4"), "-maxmempool must be at least 5 MB"),
        ("loglevel", json!("loud"), "no such level"),
    ];
    for (option, value, text) in cases {
        let (child, init, node) = start();
        let (told, messages) = mpsc::channel();
        let _handler = node
            .handle_message_box(Box::new(move |message, style| {
                let _ = told.send((message.original.clone(), style));
                Ok(true)
            }))
            .unwrap();
        let args = global_args(directory.path(), &[(option, value)]);
        assert_eq!(node.base_initialize(&args).unwrap(), Ok(false), "{option}");
        let (message, style) = messages.try_recv().expect("a message");
        assert!(message.contains(text), "{message}");
        assert_eq!(style, 4, "an error");
        assert_eq!(node.get_exit_status().unwrap(), 1);
        drop((node, _handler, init));
        ends_in_order(child);
    }
    let (child, init, node) = start();
    let mut args = GlobalArgs::default();
    args.settings.command_line_options.insert("chain".to_owned(), vec![json!("moon")]);
    assert!(node.base_initialize(&args).unwrap().unwrap_err().contains("no such chain"));
    drop((node, init));
    ends_in_order(child);
}
