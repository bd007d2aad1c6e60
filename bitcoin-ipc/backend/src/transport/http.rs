//! Over HTTP, as `bitcoin-cli` does it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bitcoin::BlockHash;
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Error, ErrorKind, Result};
use bitcoin_rpc::{Answer, RpcError};
use jsonrpc::client::Transport as _;
use jsonrpc::error::RpcError as Refusal;
use jsonrpc::simple_http::{Error as HttpError, SimpleHttpTransport};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Call, Transport};
use crate::address::Login;

/// How much longer than a wait itself its answer may take.
const GRACE: Duration = Duration::from_secs(30);
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
}

impl Http {
    /// A server, which is not asked yet.
    pub(crate) fn new(url: String, login: Login) -> Self {
        Http { url, login, idle: Mutex::default(), closed: AtomicBool::new(false) }
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

    fn send(
        &self,
        uri: &str,
        requests: &[jsonrpc::Request<'_>],
        limit: Duration,
    ) -> Result<Vec<jsonrpc::Response>> {
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
                    return Ok(responses);
                }
                // It may have started again, with another cookie.
                Err(error) if !new && status(&error) == Some(401) => self.idle().clear(),
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

    fn explain(&self, error: &jsonrpc::Error) -> Error {
        let url = &self.url;
        if let Some(status) = status(error) {
            return match status {
                401 => self.refused(),
                403 => Error::new(
                    ErrorKind::Io,
                    format!(
                        "the node at {url} does not answer this machine or this user (see -rpcallowip and \
                         -rpcwhitelist in its configuration)"
                    ),
                ),
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
        let responses = self.send(uri, &requests, limit)?;
        let mut answers: BTreeMap<u64, jsonrpc::Response> =
            responses.into_iter().filter_map(|response| Some((response.id.as_u64()?, response))).collect();
        let missing = || Error::bad_value("the node has not answered each call");
        (0..texts.len() as u64).map(|id| answer(answers.remove(&id).ok_or_else(missing)?)).collect()
    }

    fn wait_tip(&self, known: BlockHash, limit: Duration) -> Result<BlockHash> {
        let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1);
        let call = Call { method: "waitfornewblock".to_owned(), params: json!([millis, known]).into() };
        let answer = self.calls("/", vec![call], limit + GRACE)?.pop().unwrap_or(Ok(Value::Null));
        let tip = answer.map_err(|error| match error.code() {
            // It waits no longer because it ends.
            -9 => Error::disconnected("the node is shutting down"),
            _ => Error::failed(format!("waitfornewblock: {error}")),
        })?;
        tip["hash"]
            .as_str()
            .and_then(|hash| hash.parse().ok())
            .ok_or_else(|| Error::bad_value("waitfornewblock: no hash"))
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.idle().clear();
    }
}
