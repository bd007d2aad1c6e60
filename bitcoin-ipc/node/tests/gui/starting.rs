//! A node that starts is there: who connects hears what is being done, and may stop it.

use std::sync::{Arc, Mutex, mpsc};

use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::Init;
use bitcoin_ipc::types::Json;
use bitcoin_node::program::Running;
use futures::executor::block_on;
use mp_runtime::{Error, ErrorKind, EventLoop, connect};
use serde_json::{Value, json};

use crate::running::settings;
use crate::scheduler::Noted;
use crate::{PATIENCE, wait_until};

/// Asks for a method over the socket.
fn ask(init: &dyn Init, method: &str) -> Value {
    let rpc = init.make_rpc().unwrap().unwrap();
    let request = Json::from(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [] }));
    block_on(rpc.execute_rpc(&request, "/", "")).unwrap()
}

fn warmup(init: &dyn Init) -> (Value, String) {
    let error = ask(init, "getblockcount")["error"].clone();
    (error["code"].clone(), error["message"].as_str().unwrap_or_default().to_owned())
}

/// A start whose wallets load until they are told to go on or to stop.
fn start(test: impl FnOnce(&dyn Init, &mpsc::Sender<bool>) -> Result<(), ErrorKind>) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("regtest")).unwrap();
    let socket = directory.path().join("node.sock");
    let address = format!("unix:{}", socket.display());
    let options = [("disablewallet", json!("0")), ("ipcbind", json!(address))];
    let settings = settings(directory.path(), &options);
    let (go, gate) = mpsc::channel();
    let (gate, stop) = (Mutex::new(gate), go.clone());
    let wallets = Noted {
        load: Some(Arc::new(move |chain| {
            chain.init_message("Loading wallet…").unwrap();
            chain.show_progress("[w] Rescanning…", 37, false).unwrap();
            gate.lock().unwrap().recv().unwrap()
        })),
        stop: Some(Arc::new(move || {
            // They may have loaded.
            let _ = stop.send(false);
        })),
        ..Noted::default()
    };
    let (told, heard) = mpsc::channel();
    let shutdown = Shutdown::new();
    let thread = std::thread::spawn(move || {
        let started = Running::start("node", settings, Box::new(wallets), shutdown);
        told.send(started.map_err(|error: Error| error.kind())).unwrap();
    });
    let event_loop = EventLoop::new("client").unwrap();
    let mut init = None;
    wait_until(|| {
        init = connect::<dyn Init>(&event_loop, &socket).ok();
        init.is_some()
    });
    let init = init.unwrap();
    let expected = test(&*init, &go);
    let started = heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(started.as_ref().map(drop).map_err(|kind| *kind), expected);
    thread.join().unwrap();
    if let Ok(running) = started {
        wait_until(|| ask(&*init, "getblockcount")["result"] == json!(0));
        assert!(init.make_chain().unwrap().is_some());
        running.stop().unwrap();
    }
}

#[test]
fn a_node_that_starts_says_how_far_it_is() {
    start(|init, go| {
        assert_eq!(warmup(init).0, json!(-28));
        wait_until(|| warmup(init).1 == "[w] Rescanning… 37 %");
        assert!(ask(init, "uptime")["result"].is_number());
        // What needs the node waits for it.
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| init.make_mining().unwrap().is_some());
            go.send(true).unwrap();
            assert!(waiting.join().unwrap());
        });
        Ok(())
    });
}

#[test]
fn a_node_that_starts_can_be_stopped() {
    start(|init, _| {
        wait_until(|| warmup(init).1.contains("37 %"));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| init.make_mining().err().unwrap());
            assert_eq!(ask(init, "stop")["result"], json!("Bitcoin node stopping"));
            let error = waiting.join().unwrap();
            // It may have come too late to be waiting by then.
            let late = error.kind() == ErrorKind::Disconnected;
            assert!(late || error.text().contains("the node is stopping"), "{error}");
        });
        Err(ErrorKind::Cancelled)
    });
}
