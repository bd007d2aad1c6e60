//! Bitcoin Core's node with its own wallet.
//!
//! In: requests. Out: answers, by way of HTTP.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::node::Answer;

/// How long a node may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A `bitcoin-node` on regtest, in a temporary directory. It ends when dropped.
pub(crate) struct Core {
    folder: tempfile::TempDir,
    process: Child,
    port: u16,
}

impl Core {
    pub(crate) fn start() -> Core {
        let program = std::env::var_os("BITCOIN_NODE").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(program)
            .arg(format!("-datadir={}", folder.path().display()))
            .args(["-regtest", "-listen=0", "-connect=0", "-server=1", "-rpcuser=u", "-rpcpassword=p"])
            .args(["-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", "-fallbackfee=0.00002", "-keypool=20"])
            .args(["-deprecatedrpc=removeprunedfunds", &format!("-rpcport={port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let core = Core { folder, process, port };
        let until = Instant::now() + PATIENCE;
        while !matches!(core.try_ask("getblockcount", json!([]), ""), Ok(Ok(_))) {
            assert!(Instant::now() < until, "the node does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        core
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn ask(&self, method: &str, params: Value, uri: &str) -> Answer {
        self.try_ask(method, params, uri).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_ask(&self, method: &str, params: Value, uri: &str) -> std::io::Result<Answer> {
        let body = json!({ "method": method, "params": params, "id": 1 }).to_string();
        let uri = if uri.is_empty() { "/" } else { uri };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        // The header has the name `u` and the password `p`.
        let head = format!(
            "POST {uri} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic dTpw\r\nConnection: close"
        );
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let answer: Value = serde_json::from_str(body).map_err(std::io::Error::other)?;
        Ok(match &answer["error"] {
            Value::Null => Ok(answer["result"].clone()),
            error => Err((error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())),
        })
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
