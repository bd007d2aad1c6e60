//! What a node publishes of its mempool.
//!
//! In: a node that says where it publishes (`-zmqpubrawtx`). Out: a hint for each transaction that may concern a listener,
//! so that the mempool is searched at once then, and seldom otherwise. A hint is not believed: what listeners hear is what
//! the node answers. Where nothing is published, or something was lost, the mempool is searched as without it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bitcoin::Transaction;
use bitcoin::consensus::encode::deserialize;
use bitcoin_ipc::{Error, Result};
use serde_json::json;
use zeromq::{Socket, SocketRecv, SubSocket, ZmqMessage};

use crate::ask::Ask;
use crate::method::Method;

/// Transactions that come to the mempool or to the chain.
const TOPIC: &str = "rawtx";
/// How often whoever listens looks whether the node is still followed.
const LOOK: Duration = Duration::from_secs(1);
/// The pause before it listens again to a node that has hung up.
const PAUSE: Duration = Duration::from_secs(5);

/// Whoever follows a node, and is given hints.
pub(crate) trait Follower: Send + Sync {
    /// Whether the node is still to be followed.
    fn goes_on(&self) -> bool;

    /// What is known by hints.
    fn hints(&self) -> &Hints;

    /// Whether a transaction of the mempool may concern a listener.
    fn may_concern(&self, tx: &Transaction) -> bool;

    /// Has the mempool searched soon.
    fn hint(&self);
}

/// What is known by hints.
#[derive(Default)]
pub(crate) struct Hints {
    /// Whether the node is heard.
    heard: AtomicBool,
    /// Whether something was published that the mempool was not searched for yet.
    waiting: AtomicBool,
}

impl Hints {
    /// Whether the node would have said something.
    pub(crate) fn are_heard(&self) -> bool {
        self.heard.load(Ordering::SeqCst)
    }

    /// Whether there is something to search for.
    pub(crate) fn wait(&self) -> bool {
        self.waiting.load(Ordering::SeqCst)
    }

    pub(crate) fn give(&self) {
        self.waiting.store(true, Ordering::SeqCst);
    }

    /// Notes that a search begins.
    pub(crate) fn take(&self) {
        self.waiting.store(false, Ordering::SeqCst);
    }
}

/// Where the node publishes transactions, as it is reached from here.
pub(crate) fn endpoint(ask: &Ask, host: &str) -> Result<Option<String>> {
    let answer = match ask.ask(Method::GetZmqNotifications, json!([])) {
        Ok(answer) => answer,
        // It was built without ZeroMQ, or does not let us ask.
        Err(failure) if failure.code().is_some() => return Ok(None),
        Err(failure) => return Err(failure.into()),
    };
    let of_transactions = answer.as_array().into_iter().flatten().filter(|entry| entry["type"] == "pubrawtx");
    Ok(of_transactions
        .filter_map(|entry| entry["address"].as_str())
        .find_map(|address| reached(address, host)))
}

/// An address of the node's, from here.
fn reached(address: &str, host: &str) -> Option<String> {
    let (place, port) = address.strip_prefix("tcp://")?.rsplit_once(':')?;
    match place {
        // Each of its addresses.
        "*" | "0.0.0.0" | "[::]" => Some(format!("tcp://{host}:{port}")),
        "127.0.0.1" | "[::1]" | "localhost" if !is_here(host) => None,
        place => Some(format!("tcp://{place}:{port}")),
    }
}

fn is_here(host: &str) -> bool {
    ["127.0.0.1", "[::1]", "::1", "localhost"].contains(&host)
}

/// Listens to a node until it is not followed any more.
pub(crate) fn listen(weak: &Weak<impl Follower>, endpoint: &str) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::warn!(target: "node", "Cannot listen at {endpoint}: {error}."),
    };
    runtime.block_on(async {
        while alive(weak).is_some() {
            let why = hear(weak, endpoint).await;
            let Some(follow) = alive(weak) else { return };
            follow.hints().heard.store(false, Ordering::SeqCst);
            drop(follow);
            tracing::debug!(target: "node", "not heard at {endpoint}: {}", why.text());
            tokio::time::sleep(PAUSE).await;
        }
    });
}

fn alive<F: Follower>(weak: &Weak<F>) -> Option<Arc<F>> {
    weak.upgrade().filter(|follow| follow.goes_on())
}

/// Listens to a node until it hangs up, and says why.
async fn hear(weak: &Weak<impl Follower>, endpoint: &str) -> Error {
    let failed = |error: zeromq::ZmqError| Error::disconnected(error.to_string());
    let mut socket = SubSocket::new();
    let opened = tokio::time::timeout(PAUSE, async {
        socket.connect(endpoint).await?;
        socket.subscribe(TOPIC).await
    });
    match opened.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return failed(error),
        Err(_) => return Error::disconnected("it does not answer"),
    }
    if let Some(follow) = alive(weak) {
        tracing::info!(target: "node", "The node says at {endpoint} what comes to its mempool.");
        follow.hints().heard.store(true, Ordering::SeqCst);
    }
    let (mut next, mut begun) = (None, Some(Instant::now()));
    while let Some(follow) = alive(weak) {
        let heard = tokio::time::timeout(LOOK, socket.recv()).await;
        // By now the node knows that we listen, and what came before is searched for.
        if begun.take_if(|begun| begun.elapsed() >= LOOK).is_some() {
            follow.hint();
        }
        match heard {
            Err(_) => {}
            Ok(Err(error)) => return failed(error),
            Ok(Ok(message)) => {
                if concerns(&*follow, &message, &mut next) {
                    follow.hint();
                }
            }
        }
    }
    Error::disconnected("the node is not followed any more")
}

/// Whether a message may be about something for a listener: one that says so, or one before which others were lost.
fn concerns(follow: &impl Follower, message: &ZmqMessage, next: &mut Option<u32>) -> bool {
    let (Some(body), Some(number)) = (message.get(1), message.get(2)) else { return false };
    let Ok(number) = <[u8; 4]>::try_from(&number[..]).map(u32::from_le_bytes) else { return false };
    let lost = next.replace(number.wrapping_add(1)).is_some_and(|next| next != number);
    let Ok(tx) = deserialize::<Transaction>(body) else { return lost };
    lost || follow.may_concern(&tx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_nodes_host() {
        let seen = |address, host| reached(address, host);
        assert_eq!(seen("tcp://127.0.0.1:28332", "127.0.0.1").as_deref(), Some("tcp://127.0.0.1:28332"));
        assert_eq!(seen("tcp://*:28332", "10.0.0.7").as_deref(), Some("tcp://10.0.0.7:28332"));
        assert_eq!(seen("tcp://0.0.0.0:1", "node.local").as_deref(), Some("tcp://node.local:1"));
        assert_eq!(seen("tcp://[::]:1", "[fe80::1]").as_deref(), Some("tcp://[fe80::1]:1"));
        assert_eq!(seen("tcp://10.0.0.7:5", "10.0.0.9").as_deref(), Some("tcp://10.0.0.7:5"));
        // Its own loopback is not ours.
        assert_eq!(seen("tcp://127.0.0.1:28332", "10.0.0.7"), None);
        assert_eq!(seen("ipc:///tmp/rawtx", "127.0.0.1"), None);
        assert_eq!(seen("tcp://nothing", "127.0.0.1"), None);
    }
}
