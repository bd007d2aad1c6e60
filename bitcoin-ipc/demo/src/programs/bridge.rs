//! HTTP in front of a node that has only a socket.
//!
//! In: requests as `bitcoin-cli` and libraries make them, with the cookie that this writes. Out: what the node's
//! JSON-RPC answers, and over ZeroMQ the transactions that were sent to it, as a Core with `-zmqpubrawtx` does. Nobody
//! answers while the node is gone. It heeds `-rpcthreads=1` and `-rpcwhitelist`.

use std::collections::{BTreeMap, BTreeSet};
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
    desk: Arc<Desk>,
}

/// What all who ask come by.
#[derive(Debug)]
struct Desk {
    socket: PathBuf,
    publisher: Publisher,
    /// The methods that were asked, and how often.
    asked: Mutex<BTreeMap<String, u64>>,
    rules: Mutex<Rules>,
    /// Held by whoever is answered, where it is one at a time.
    turn: Mutex<()>,
}

/// How it answers.
#[derive(Clone, Debug, Default)]
struct Rules {
    one_at_a_time: bool,
    /// The methods that may be asked; all of them without such a list.
    allowed: Option<BTreeSet<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bridge {
    /// Answers at this port for the node at a socket, and puts the cookie into its directory.
    pub(super) fn start(port: u16, socket: PathBuf, directory: &Path) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        fs::create_dir_all(directory.join("regtest"))?;
        fs::write(directory.join("regtest/.cookie"), COOKIE)?;
        let ended = Arc::new(AtomicBool::new(false));
        let stop = ended.clone();
        let desk = Arc::new(Desk {
            socket,
            publisher: Publisher::start()?,
            asked: Mutex::default(),
            rules: Mutex::default(),
            turn: Mutex::default(),
        });
        let shared = desk.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let desk = shared.clone();
                // Whoever leaves, or a node that is gone, ends one connection.
                std::thread::spawn(move || stream.and_then(|stream| serve(&stream, &desk)));
            }
        });
        Ok(Bridge { port, ended, desk })
    }

    /// Heeds those of a node's options that are about its HTTP; gives the rest.
    pub(super) fn heed<'a>(&self, options: &'a [String]) -> Vec<&'a String> {
        let mut rules = Rules::default();
        let rest = options.iter().filter(|option| match option.split_once('=') {
            Some(("-rpcthreads", number)) => {
                rules.one_at_a_time = number == "1";
                false
            }
            Some(("-rpcwhitelist", list)) => {
                let methods = list.rsplit(':').next().unwrap_or_default().split(',');
                rules.allowed.get_or_insert_default().extend(methods.map(str::to_owned));
                false
            }
            _ => true,
        });
        let rest = rest.collect();
        *lock(&self.desk.rules) = rules;
        rest
    }

    /// The methods that were asked so far, and how often.
    pub(super) fn asked(&self) -> BTreeMap<String, u64> {
        lock(&self.desk.asked).clone()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(stream: &TcpStream, desk: &Desk) -> io::Result<()> {
    let reconnect = Reconnect { give_up: Some(Duration::ZERO), ..Reconnect::default() };
    let options = ConnectOptions::new().network(Network::Regtest).reconnect(reconnect);
    let node = block_on(options.connect(&desk.socket)).map_err(io::Error::other)?;
    let mut reader = BufReader::new(stream);
    while let Some((path, allowed, body)) = request(&mut reader)? {
        let (status, body) = match allowed {
            true => answer(&node, &path, &body, desk)?
                .map_or(("403 Forbidden", String::new()), |answer| ("200 OK", answer)),
            false => ("401 Unauthorized", String::new()),
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

/// The answer, if all of it may be asked.
fn answer(node: &Client, path: &str, body: &[u8], desk: &Desk) -> io::Result<Option<String>> {
    let rules = lock(&desk.rules).clone();
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
            *lock(&desk.asked).entry(method.clone()).or_default() += 1;
            if rules.allowed.as_ref().is_some_and(|allowed| !allowed.contains(method)) {
                return Ok(None);
            }
        }
    }
    let _turn = rules.one_at_a_time.then(|| lock(&desk.turn));
    // It is asked alone.
    if let Some(call) = calls.clone().next()
        && is(call, "getzmqnotifications")
    {
        let id = call.get("id").map_or("null".to_owned(), ToString::to_string);
        let entry = format!(r#"{{"type":"pubrawtx","address":"{}","hwm":1000}}"#, desk.publisher.address);
        let answer = format!(r#"{{"result":[{entry}],"error":null,"id":{id}}}"#);
        return Ok(Some(if matches!(request, Json::Array(_)) { format!("[{answer}]") } else { answer }));
    }
    let answer = block_on(async { node.rpc().await?.execute_rpc(&request, path, "").await });
    let answer = answer.map_err(io::Error::other)?.to_string();
    for call in calls.filter(|call| is(call, "sendrawtransaction")) {
        if let Some(Json::Array(params)) = call.get("params")
            && let Some(Json::String(hex)) = params.first()
            && let Ok(tx) = Vec::from_hex(hex)
        {
            desk.publisher.publish(tx);
        }
    }
    Ok(Some(answer))
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
