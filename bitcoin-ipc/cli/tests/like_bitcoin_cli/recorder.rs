//! A node that writes down what it hears.
//!
//! In: requests. Out: their texts, and answers of every form.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bitcoin_ipc::interfaces::Rpc;
use bitcoin_ipc::release::{Services, v32};
use bitcoin_ipc::types::Json;
use mp_runtime::{EventLoop, Server, ipc_interface, listen};
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

#[ipc_interface]
impl Rpc for Heard {
    async fn execute_rpc(&self, request: &Json, uri: &str, user: &str) -> mp_runtime::Result<Value> {
        // Bitcoin Core asks several things at once.
        let Json::Array(several) = request else { return Ok(self.answer(request, uri, user)) };
        Ok(several.iter().map(|request| self.answer(request, uri, user)).collect())
    }
}

impl Heard {
    fn answer(&self, request: &Json, uri: &str, user: &str) -> Value {
        let value = Value::from(request.clone());
        let id = value["id"].clone();
        if value["params"][0] == "dump_all_command_conversions" {
            return json!({ "result": [], "error": null, "id": id });
        }
        self.0.lock().expect("a list").push(format!("{uri} {user} {request}"));
        match answer(value["method"].as_str().unwrap_or_default(), uri) {
            Ok(result) => json!({ "result": result, "error": null, "id": id }),
            Err((code, message)) => {
                json!({ "result": null, "error": { "code": code, "message": message }, "id": id })
            }
        }
    }
}

fn answer(method: &str, uri: &str) -> Result<Value, (i64, &'static str)> {
    let read = |text: &str| Ok(serde_json::from_str(text).expect("JSON"));
    match method {
        "none" => Ok(Value::Null),
        "empty" => Ok(json!("")),
        "lines" => Ok(json!("a\nb\"\\")),
        "yes" => Ok(json!(true)),
        "numbers" => read("[0.10000000, 1e-8, -0, 12345678901234567890, 5]"),
        "nested" => {
            read(r#"{"b":[],"a":{},"c":[{"d":null,"e":[1,[2]]}],"é\u007f\u0001":"/\u001f\ud83d\ude00"}"#)
        }
        "fails" => Err((-8, "out of range\nand more")),
        "unknown" => Err((-32601, "Method not found")),
        "getnewaddress" if uri == "/wallet/full" => Err((-12, "Keypool ran out")),
        "getnewaddress" => Ok(json!("bcrt1qaddress")),
        "getwalletinfo" if uri != "/wallet/none" => {
            Ok(json!({ "walletname": "w", "keypoolsize": 4000, "unlocked_until": 0 }))
        }
        "getbalances" if uri != "/wallet/none" => read(r#"{"mine":{"trusted":1.50000000}}"#),
        "getwalletinfo" | "getbalances" => Err((-18, "no wallet")),
        "listwallets" => Ok(json!(["w", "", "a long name"])),
        "getnetworkinfo" => read(
            r#"{"version":329900,"timeoffset":-1,"connections_in":1,"connections_out":2,"connections":3,
            "relayfee":0.00000100,"warnings":[],"networks":[{"name":"onion","proxy":"127.0.0.1:9050"}]}"#,
        ),
        "getblockchaininfo" => read(
            r#"{"chain":"regtest","blocks":5,"headers":7,"verificationprogress":0.31,
            "difficulty":4.656542373906925e-10}"#,
        ),
        "getaddrmaninfo" => Ok(json!({
            "ipv4": { "new": 1, "tried": 2, "total": 3 }, "all_networks": { "total": 3 },
        })),
        method => Ok(json!({ "method": method })),
    }
}

/// The node on a socket.
pub(crate) struct Recorder {
    heard: Heard,
    directory: tempfile::TempDir,
    _server: Server,
}

impl Recorder {
    pub(crate) fn start() -> Recorder {
        let directory = tempfile::tempdir().expect("a directory");
        let heard = Heard::default();
        let services = Services { rpc: Some(Arc::new(heard.clone())), ..Services::default() };
        let event_loop = EventLoop::new("recorder").expect("a loop");
        let socket = directory.path().join("n.sock");
        let _server =
            listen::<dyn v32::Init>(&event_loop, socket, Arc::new(services), None).expect("a server");
        Recorder { heard, directory, _server }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("n.sock")
    }

    /// What was heard since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.0.lock().expect("a list"))
    }
}
