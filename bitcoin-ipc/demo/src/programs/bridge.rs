//! HTTP in front of a node that has only a socket.
//!
//! In: requests as `bitcoin-cli` and libraries make them, with the cookie that this writes. Out: what the node's
//! JSON-RPC answers, and over ZeroMQ the transactions that were sent to it, as a Core with `-zmqpubrawtx` does. Nobody
//! answers while the node is gone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bitcoin::Network;
use bitcoin::hex::FromHex as _;
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Client, ConnectOptions, Reconnect};
use futures::executor::block_on;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use zeromq::{PubSocket, Socket as _, SocketSend as _, ZmqMessage};

use crate::Result;

/// What the cookie says, in the form of HTTP: `__cookie__:open`.
const LOGIN: &str = "authorization: basic x19jb29rawvfxzpvcgvu";
const COOKIE: &str = "__cookie__:open";

/// The bridge; it is taken down when this is dropped.
#[derive(Debug)]
pub(super) struct Bridge {
    port: u16,
    ended: Arc<AtomicBool>,
    asked: Asked,
}

/// The methods that were asked, and how often.
type Asked = Arc<Mutex<BTreeMap<String, u64>>>;

fn lock(asked: &Asked) -> MutexGuard<'_, BTreeMap<String, u64>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bridge {
    /// Answers at this port for the node at a socket, and puts the cookie into its directory.
    pub(super) fn start(port: u16, socket: PathBuf, directory: &Path) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        fs::create_dir_all(directory.join("regtest"))?;
        fs::write(directory.join("regtest/.cookie"), COOKIE)?;
        let ended = Arc::new(AtomicBool::new(false));
        let publisher = Publisher::start()?;
        let stop = ended.clone();
        let asked = Asked::default();
        let noted = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (socket, noted, publisher) = (socket.clone(), noted.clone(), publisher.clone());
                // Whoever leaves, or a node that is gone, ends one connection.
                std::thread::spawn(move || {
                    stream.and_then(|stream| serve(&stream, &socket, &noted, &publisher))
                });
            }
        });
        Ok(Bridge { port, ended, asked })
    }

    /// The methods that were asked so far, and how often.
    pub(super) fn asked(&self) -> BTreeMap<String, u64> {
        lock(&self.asked).clone()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(stream: &TcpStream, socket: &Path, asked: &Asked, publisher: &Publisher) -> io::Result<()> {
    let reconnect = Reconnect { give_up: Some(Duration::ZERO), ..Reconnect::default() };
    let options = ConnectOptions::new().network(Network::Regtest).reconnect(reconnect);
    let node = block_on(options.connect(socket)).map_err(io::Error::other)?;
    let mut reader = BufReader::new(stream);
    while let Some((path, allowed, body)) = request(&mut reader)? {
        let (status, body) = if allowed {
            ("200 OK", answer(&node, &path, &body, asked, publisher)?)
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

fn answer(
    node: &Client,
    path: &str,
    body: &[u8],
    asked: &Asked,
    publisher: &Publisher,
) -> io::Result<String> {
    let text = std::str::from_utf8(body).map_err(io::Error::other)?;
    let request: Json = text.parse().map_err(io::Error::other)?;
    let calls = match &request {
        Json::Array(calls) => calls.iter(),
        one => std::slice::from_ref(one).iter(),
    };
    let is =
        |call: &Json, name: &str| matches!(call.get("method"), Some(Json::String(method)) if method == name);
    for call in calls.clone() {
        if let Some(Json::String(method)) = call.get("method") {
            *lock(asked).entry(method.clone()).or_default() += 1;
        }
    }
    // It is asked alone.
    if let Some(call) = calls.clone().next()
        && is(call, "getzmqnotifications")
    {
        let id = call.get("id").map_or("null".to_owned(), ToString::to_string);
        let entry = format!(r#"{{"type":"pubrawtx","address":"{}","hwm":1000}}"#, publisher.address);
        let answer = format!(r#"{{"result":[{entry}],"error":null,"id":{id}}}"#);
        return Ok(if matches!(request, Json::Array(_)) { format!("[{answer}]") } else { answer });
    }
    let answer = block_on(async { node.rpc().await?.execute_rpc(&request, path, "").await });
    let answer = answer.map_err(io::Error::other)?.to_string();
    for call in calls.filter(|call| is(call, "sendrawtransaction")) {
        if let Some(Json::Array(params)) = call.get("params")
            && let Some(Json::String(hex)) = params.first()
            && let Ok(tx) = Vec::from_hex(hex)
        {
            publisher.publish(tx);
        }
    }
    Ok(answer)
}

/// Publishes transactions.
#[derive(Clone, Debug)]
struct Publisher {
    address: String,
    transactions: UnboundedSender<Vec<u8>>,
}

impl Publisher {
    fn start() -> io::Result<Self> {
        let (transactions, mut sent) = unbounded_channel::<Vec<u8>>();
        let (tell, told) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                let mut socket = PubSocket::new();
                let bound = socket.bind("tcp://127.0.0.1:0").await;
                let _ = tell.send(bound.map(|endpoint| endpoint.to_string()));
                let mut number = 0u32;
                while let Some(tx) = sent.recv().await {
                    let mut message = ZmqMessage::from("rawtx");
                    message.push_back(tx.into());
                    message.push_back(number.to_le_bytes().to_vec().into());
                    number = number.wrapping_add(1);
                    let _ = socket.send(message).await;
                }
            });
        });
        let address = told.recv().map_err(io::Error::other)?.map_err(io::Error::other)?;
        Ok(Publisher { address, transactions })
    }

    fn publish(&self, tx: Vec<u8>) {
        let _ = self.transactions.send(tx);
    }
}
