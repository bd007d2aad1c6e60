//! HTTP in front of a node that has only a socket.
//!
//! In: requests as `bitcoin-cli` and libraries make them, with the cookie that this writes. Out: what the node's
//! JSON-RPC answers. Nobody answers while the node is gone.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitcoin::Network;
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Client, ConnectOptions, Reconnect};
use futures::executor::block_on;

/// What the cookie says, in the form of HTTP: `__cookie__:open`.
const LOGIN: &str = "authorization: basic x19jb29rawvfxzpvcgvu";
const COOKIE: &str = "__cookie__:open";

/// The bridge; it is taken down when this is dropped.
pub(crate) struct Bridge {
    port: u16,
    ended: Arc<AtomicBool>,
    asked: Asked,
}

/// The methods that were asked.
type Asked = Arc<Mutex<BTreeSet<String>>>;

impl Bridge {
    /// Answers at this port for the node at a socket, and puts the cookie into its directory.
    pub(crate) fn start(port: u16, socket: PathBuf, directory: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        fs::create_dir_all(directory.join("regtest")).unwrap();
        fs::write(directory.join("regtest/.cookie"), COOKIE).unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let stop = ended.clone();
        let asked = Asked::default();
        let noted = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (socket, noted) = (socket.clone(), noted.clone());
                // Whoever leaves, or a node that is gone, ends one connection.
                std::thread::spawn(move || stream.and_then(|stream| serve(&stream, &socket, &noted)));
            }
        });
        Bridge { port, ended, asked }
    }

    /// The methods that were asked so far.
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(stream: &TcpStream, socket: &Path, asked: &Asked) -> io::Result<()> {
    let reconnect = Reconnect { give_up: Some(Duration::ZERO), ..Reconnect::default() };
    let options = ConnectOptions::new().network(Network::Regtest).reconnect(reconnect);
    let node = block_on(options.connect(socket)).map_err(io::Error::other)?;
    let mut reader = BufReader::new(stream);
    while let Some((path, allowed, body)) = request(&mut reader)? {
        let (status, body) = if allowed {
            ("200 OK", answer(&node, &path, &body, asked)?)
        } else {
            ("401 Unauthorized", String::new())
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut stream = stream;
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
    }
    Ok(())
}

/// The path, whether the login is right, and the body.
fn request(reader: &mut impl BufRead) -> io::Result<Option<(String, bool, Vec<u8>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
    let (mut length, mut allowed) = (0, false);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let field = line.trim_end().to_lowercase();
        if field.is_empty() {
            break;
        }
        allowed |= field == LOGIN;
        if let Some(value) = field.strip_prefix("content-length: ") {
            length = value.parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((path, allowed, body)))
}

fn answer(node: &Client, path: &str, body: &[u8], asked: &Asked) -> io::Result<String> {
    let text = std::str::from_utf8(body).map_err(io::Error::other)?;
    let request: Json = text.parse().map_err(io::Error::other)?;
    let calls = match &request {
        Json::Array(calls) => calls.iter(),
        one => std::slice::from_ref(one).iter(),
    };
    for call in calls {
        if let Some(Json::String(method)) = call.get("method") {
            asked.lock().unwrap().insert(method.clone());
        }
    }
    let answer = block_on(async { node.rpc().await?.execute_rpc(&request, path, "").await });
    Ok(answer.map_err(io::Error::other)?.to_string())
}
