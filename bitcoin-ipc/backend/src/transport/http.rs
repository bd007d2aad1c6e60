//! Over HTTP, as `bitcoin-cli` does it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bitcoin::BlockHash;
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Error, ErrorKind, Result};
use bitcoin_rpc::{Answer, Code, RpcError};
use jsonrpc::client::Transport as _;
use jsonrpc::error::RpcError as Refusal;
use jsonrpc::simple_http::{Error as HttpError, SimpleHttpTransport};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Call, Transport};
use crate::address::Login;

/// How long one question for the next tip waits: a node that ends may wait for the answer as well.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How much longer than a wait itself its answer may take.
const GRACE: Duration = Duration::from_secs(30);
/// How long the wait takes by which it is seen whether the node answers anything beside it.
const PROBE: Duration = Duration::from_secs(1);
/// How long it is believed that it does not: it may only have been busy.
const DOUBT: Duration = Duration::from_secs(600);
/// How often a node is asked for its tip that answers nothing beside a wait.
const LOOK: Duration = Duration::from_secs(1);
/// How many connections are kept of one patience.
const KEPT: usize = 8;

/// A node's HTTP server.
pub(crate) struct Http {
    /// Without a path.
    url: String,
    login: Login,
    /// Connections that nobody uses, by how long they wait for an answer.
    idle: Mutex<BTreeMap<Duration, Vec<SimpleHttpTransport>>>,
    closed: AtomicBool,
    /// Whether a wait cannot be told which tip is known: v29.
    old_wait: AtomicBool,
    /// Whether a wait leaves it a thread to answer with, once that was tried, and when.
    threads: Mutex<Option<(bool, Instant)>>,
}

impl Http {
    /// A server, which is not asked yet.
    pub(crate) fn new(url: String, login: Login) -> Self {
        Http {
            url,
            login,
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
            old_wait: AtomicBool::new(false),
            threads: Mutex::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, BTreeMap<Duration, Vec<SimpleHttpTransport>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is there, or a new one, which reads the cookie again.
    fn connection(&self, uri: &str, limit: Duration, new: bool) -> Result<SimpleHttpTransport> {
        let kept = if new { None } else { self.idle().get_mut(&limit).and_then(Vec::pop) };
        if let Some(mut connection) = kept {
            connection.set_url_path(uri.to_owned());
            return Ok(connection);
        }
        let login: Zeroizing<String> = match &self.login {
            Login::User { name, password } => Zeroizing::new(format!("{name}:{}", **password)),
            Login::Cookie(path) => Zeroizing::new(std::fs::read_to_string(path).map_err(|error| {
                let at = path.display();
                match error.kind() {
                    io::ErrorKind::NotFound => Error::disconnected(format!(
                        "there is no cookie of a node at {at}: start the node with -server, or say where its \
                         files are (-coredatadir), or give -rpcuser and -rpcpassword"
                    )),
                    _ => Error::new(ErrorKind::Io, format!("the node's cookie {at} cannot be read: {error}")),
                }
            })?),
        };
        let builder = SimpleHttpTransport::builder().timeout(limit).cookie_auth(login.trim());
        let builder = builder.url(&format!("{}{uri}", self.url)).map_err(|error| {
            Error::disconnected(format!("there is no such host as in {}: {error}", self.url))
        })?;
        Ok(builder.build())
    }

    /// The answers; `None` where this user is not let ask that.
    fn send(
        &self,
        uri: &str,
        requests: &[jsonrpc::Request<'_>],
        limit: Duration,
    ) -> Result<Option<Vec<jsonrpc::Response>>> {
        for new in [false, true] {
            if self.closed.load(Ordering::Relaxed) {
                return Err(Error::disconnected("the node is not asked any more"));
            }
            let connection = self.connection(uri, limit, new)?;
            match connection.send_batch(requests) {
                Ok(responses) => {
                    let mut idle = self.idle();
                    let kept = idle.entry(limit).or_default();
                    if kept.len() < KEPT {
                        kept.push(connection);
                    }
                    return Ok(Some(responses));
                }
                // It may have started again, with another cookie.
                Err(error) if !new && status(&error) == Some(401) => self.idle().clear(),
                Err(error) if status(&error) == Some(403) => return Ok(None),
                Err(error) => return Err(self.explain(&error)),
            }
        }
        Err(self.refused())
    }

    fn refused(&self) -> Error {
        let how = match &self.login {
            Login::Cookie(path) => format!("the cookie {} is another node's", path.display()),
            Login::User { name, .. } => format!("the user {name} or its password is wrong"),
        };
        Error::new(ErrorKind::Io, format!("the node at {} lets nobody in: {how}", self.url))
    }

    /// What a node says to a machine or a user whom it does not let ask something.
    fn forbidden(&self, method: &str) -> RpcError {
        let text = format!(
            "{method} is not for this machine or this user at {} (see -rpcallowip and -rpcwhitelist in the node's \
             configuration)",
            self.url
        );
        RpcError::new(Code::MethodNotFound, text)
    }

    /// Whether a wait leaves the node a thread to answer with.
    fn has_threads(&self) -> Result<bool> {
        let lock = || self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let known = *lock();
        if let Some((found, tried)) = known
            && (found || tried.elapsed() < DOUBT)
        {
            return Ok(found);
        }
        let found = self.answers_beside_a_wait()?;
        *lock() = Some((found, Instant::now()));
        if !found && known.is_none() {
            tracing::info!(
                target: "node",
                "The node answers nothing while a call waits (-rpcthreads), or lets nobody wait (-rpcwhitelist): it is \
                 asked for its tip each second."
            );
        }
        Ok(found)
    }

    /// Asks for the tip until it is another one, where a wait would hold up everything else.
    fn look_for_tip(&self, known: BlockHash, limit: Duration) -> Result<BlockHash> {
        let until = Instant::now() + limit;
        loop {
            let call = Call { method: "getblockchaininfo".to_owned(), params: json!([]).into() };
            let answer = self.calls("/", vec![call], GRACE)?.pop().unwrap_or(Ok(Value::Null));
            let tip = hash("getblockchaininfo", answer, "bestblockhash")?;
            if tip != known || Instant::now() + LOOK > until {
                return Ok(tip);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn explain(&self, error: &jsonrpc::Error) -> Error {
        let url = &self.url;
        if let Some(status) = status(error) {
            return match status {
                401 => self.refused(),
                503 => Error::new(
                    ErrorKind::Overloaded,
                    format!("the node at {url} is very busy (-rpcworkqueue)"),
                ),
                _ => Error::failed(format!("the node at {url} answers with HTTP status {status}")),
            };
        }
        let io = match error {
            jsonrpc::Error::Transport(error) => match error.downcast_ref::<HttpError>() {
                Some(HttpError::SocketError(error)) => Some(error),
                _ => None,
            },
            _ => None,
        };
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Error::new(
                ErrorKind::Timeout,
                format!("the node at {url} has not answered in time; it may hang"),
            ),
            Some(io::ErrorKind::ConnectionRefused) => Error::disconnected(format!(
                "nobody answers at {url}: start the node with -server, and check the port (-rpcport there)"
            )),
            _ => Error::disconnected(format!("the node at {url} is gone: {error}")),
        }
    }
}

fn status(error: &jsonrpc::Error) -> Option<u16> {
    let jsonrpc::Error::Transport(error) = error else { return None };
    match error.downcast_ref::<HttpError>()? {
        HttpError::HttpErrorCode(status) => Some(*status),
        _ => None,
    }
}

/// The parameters as a text of JSON.
fn raw(params: Json) -> Result<Box<RawValue>> {
    let params = Value::from(params);
    serde_json::value::to_raw_value(&params).map_err(|error| Error::bad_value(format!("parameters: {error}")))
}

fn answer(response: jsonrpc::Response) -> Result<Answer> {
    if let Some(Refusal { code, message, .. }) = response.error {
        return Ok(Err(RpcError::from_object(json!({ "code": code, "message": message }))));
    }
    let text = response.result.as_ref().map_or("null", |result| result.get());
    let result = serde_json::from_str(text);
    result.map(Ok).map_err(|error| Error::bad_value(format!("the node's answer is no JSON: {error}")))
}

impl Transport for Http {
    fn calls(&self, uri: &str, calls: Vec<Call>, limit: Duration) -> Result<Vec<Answer>> {
        let mut texts = Vec::with_capacity(calls.len());
        for call in calls {
            texts.push((call.method, raw(call.params)?));
        }
        let request =
            |(id, (method, params)): (u64, &'_ (String, Box<RawValue>))| (id, method.clone(), params.clone());
        let owned: Vec<_> = (0..).zip(&texts).map(request).collect();
        let requests: Vec<_> = owned
            .iter()
            .map(|(id, method, params)| jsonrpc::Request {
                method,
                params: Some(params),
                id: json!(id),
                jsonrpc: Some("2.0"),
            })
            .collect();
        let Some(responses) = self.send(uri, &requests, limit)? else {
            return Ok(texts.iter().map(|(method, _)| Err(self.forbidden(method))).collect());
        };
        let mut answers: BTreeMap<u64, jsonrpc::Response> =
            responses.into_iter().filter_map(|response| Some((response.id.as_u64()?, response))).collect();
        let missing = || Error::bad_value("the node has not answered each call");
        (0..texts.len() as u64).map(|id| answer(answers.remove(&id).ok_or_else(missing)?)).collect()
    }

    fn wait_tip(&self, known: BlockHash, limit: Duration) -> Result<BlockHash> {
        let limit = limit.min(LONGEST_WAIT);
        if !self.has_threads()? {
            return self.look_for_tip(known, limit);
        }
        let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1);
        let wait = |params: Value| -> Result<Answer> {
            let call = Call { method: "waitfornewblock".to_owned(), params: params.into() };
            Ok(self.calls("/", vec![call], limit + GRACE)?.pop().unwrap_or(Ok(Value::Null)))
        };
        let mut answer = Err(RpcError::from_object(Value::Null));
        if !self.old_wait.load(Ordering::Relaxed) {
            answer = wait(json!([millis, known]))?;
            // It answers with its help, as to all that has too many arguments.
            self.old_wait.store(answer.as_ref().is_err_and(|error| error.code() == -1), Ordering::Relaxed);
        }
        if self.old_wait.load(Ordering::Relaxed) {
            // A block that came before it waits is told at the end of this wait.
            answer = wait(json!([millis]))?;
        }
        hash("waitfornewblock", answer, "hash")
    }

    fn answers_beside_a_wait(&self) -> Result<bool> {
        let millis = u64::try_from(PROBE.as_millis()).unwrap_or(u64::MAX);
        let ask = |method: &str, params: Value| {
            self.calls("/", vec![Call { method: method.to_owned(), params: params.into() }], PROBE + GRACE)
        };
        std::thread::scope(|scope| {
            let wait = scope.spawn(|| ask("waitfornewblock", json!([millis])));
            // It has to be there first.
            std::thread::sleep(PROBE / 10);
            let begun = Instant::now();
            ask("getblockchaininfo", json!([]))?;
            let quick = begun.elapsed() < PROBE / 2;
            // A user who is not let wait cannot, however many threads there are.
            let waits = match wait.join() {
                Ok(answers) => answers?.iter().all(|answer| answer.is_ok()),
                Err(_) => false,
            };
            Ok(quick && waits)
        })
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.idle().clear();
    }
}

/// The hash in an answer about the tip.
fn hash(method: &str, answer: Answer, field: &str) -> Result<BlockHash> {
    let answer = answer.map_err(|error| match error.code() {
        // It answers no longer because it ends.
        -9 => Error::disconnected("the node is shutting down"),
        _ => Error::failed(format!("{method}: {error}")),
    })?;
    let hash = answer[field].as_str().and_then(|hash| hash.parse().ok());
    hash.ok_or_else(|| Error::bad_value(format!("{method}: no hash")))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use bitcoin::hashes::Hash;

    use super::*;

    /// A node of v29, as far as waits go, for so many requests; tells how many arguments each had.
    fn old_node(requests: usize) -> (Http, mpsc::Receiver<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(listener.accept().expect("a client").0);
            for _ in 0..requests {
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).expect("a line") > 2 {
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        length = value.trim().parse().expect("a length");
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).expect("a body");
                let body: Value = serde_json::from_slice(&body).expect("JSON");
                let count = body[0]["params"].as_array().expect("a list").len();
                tell.send(count).expect("the test waits");
                let answer = match count {
                    1 => json!({ "result": { "hash": BlockHash::all_zeros(), "height": 5 }, "id": 0 }),
                    _ => {
                        json!({ "error": { "code": -1, "message": "waitfornewblock ( timeout )" }, "id": 0 })
                    }
                };
                let answer = json!([answer]).to_string();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
                reader.get_mut().write_all((head + &answer).as_bytes()).expect("the client reads");
            }
        });
        let login = Login::User { name: "me".to_owned(), password: "secret".to_owned().into() };
        (Http { threads: Some((true, Instant::now())).into(), ..Http::new(url, login) }, told)
    }

    #[test]
    fn a_node_that_waits_without_knowing_the_tip_is_asked_as_it_can() {
        let (node, told) = old_node(3);
        for _ in 0..2 {
            let tip = node.wait_tip(BlockHash::all_zeros(), Duration::from_secs(1)).expect("a tip");
            assert_eq!(tip, BlockHash::all_zeros());
        }
        // The refusal is remembered.
        assert_eq!(told.iter().take(3).collect::<Vec<_>>(), [2, 1, 1]);
    }
}
