//! The process at the other end.
//!
//! In: calls. Out: answers of its script; registrations are kept until their handler ends.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{ExternalSigner, Handler};
use serde_json::Value;

use crate::script::Script;

/// Everything that the other process serves; each of its objects has a name.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) name: String,
    shared: Arc<Shared>,
}

/// What the objects of the process share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) script: Script,
    settings: Mutex<BTreeMap<String, Value>>,
    kept: Mutex<BTreeMap<String, Arc<dyn Any + Send + Sync>>>,
    under_way: Mutex<Option<Box<dyn Any + Send>>>,
    /// Where the commands of the last wallet say what they are asked.
    requests: Mutex<Option<Receiver<String>>>,
}

impl Deref for Peer {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is done with something while it is being registered.
type UnderWay<F> = Box<dyn FnOnce(&F) + Send>;

impl Peer {
    pub(crate) fn new() -> Self {
        Peer { name: "first".into(), shared: Arc::default() }
    }

    /// An object of the same process with another name.
    pub(crate) fn named(&self, name: &str) -> Peer {
        Peer { name: name.into(), shared: self.shared.clone() }
    }

    /// Keeps what is registered until its handler ends.
    pub(crate) fn keep<F: Send + Sync + 'static>(&self, key: &str, registered: F) -> Box<dyn Handler> {
        let under_way = lock(&self.under_way).take();
        if let Some(under_way) = under_way {
            let under_way: Box<UnderWay<F>> = under_way.downcast().expect("what was to be registered");
            under_way(&registered);
        }
        lock(&self.kept).insert(key.into(), Arc::new(registered));
        Box::new(Registration { peer: self.clone(), key: key.into() })
    }
}

impl Shared {
    /// Has `under_way` run when something is registered, before that call returns.
    pub(crate) fn when_registered<F: 'static>(&self, under_way: impl FnOnce(&F) + Send + 'static) {
        let under_way: UnderWay<F> = Box::new(under_way);
        *lock(&self.under_way) = Some(Box::new(under_way));
    }

    /// What is registered, if it still is.
    pub(crate) fn kept<F: Send + Sync + 'static>(&self, key: &str) -> Option<Arc<F>> {
        let kept = lock(&self.kept).get(key).cloned()?;
        Some(kept.downcast().expect("what was registered"))
    }

    /// Listens to the commands of a wallet.
    pub(crate) fn listen(&self, requests: Receiver<String>) {
        *lock(&self.requests) = Some(requests);
    }

    /// What a command of the last wallet was last asked.
    pub(crate) fn last_request(&self) -> Option<String> {
        lock(&self.requests).as_ref()?.try_iter().last()
    }

    /// The settings file.
    pub(crate) fn settings(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        lock(&self.settings)
    }
}

/// A registration at the peer.
struct Registration {
    peer: Peer,
    key: String,
}

impl Handler for Registration {
    fn disconnect(&self) -> Result<()> {
        // Dropping a callback is a call, for which nothing may be locked.
        let registered = lock(&self.peer.kept).remove(&self.key);
        drop(registered);
        Ok(())
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let _ = self.disconnect();
    }
}

impl ExternalSigner for Peer {
    fn get_name(&self) -> Result<String> {
        Ok(self.name.clone())
    }
}

/// Implements methods that register a callback.
macro_rules! kept {
    ($(fn $method:ident(&self, callback: $callback:ty);)*) => {$(
        fn $method(&self, callback: $callback) -> bitcoin_ipc::Result<Box<dyn Handler>> {
            Ok(self.keep(stringify!($method), callback))
        }
    )*};
}
pub(crate) use kept;

/// Registers a callback that takes the named arguments and gives `$answer`. Checks that it is called
/// with values while the registering call is under way and with others later, and that it is gone
/// once the handler is disconnected.
macro_rules! heard {
    (
        $peer:expr, $object:ident.$method:ident($callback:ty), ($($argument:ident),*), $answer:expr,
        ($($first:expr),*), ($($later:expr),*) $(,)?
    ) => {{
        let (say, hear) = std::sync::mpsc::channel();
        let callback: $callback = Box::new(move |$($argument),*| {
            say.send(format!("{:?}", ($(&$argument,)*))).expect("a listener");
            Ok($answer)
        });
        $peer.when_registered(|callback: &$callback| assert_eq!(callback($($first),*), Ok($answer)));
        let handler = $object.$method(callback).expect("a handler");
        assert_eq!(hear.try_recv(), Ok(format!("{:?}", ($(&$first,)*))));
        let registered = $peer.kept::<$callback>(stringify!($method)).expect("a callback");
        assert_eq!(registered($($later),*), Ok($answer));
        assert_eq!(hear.try_recv(), Ok(format!("{:?}", ($(&$later,)*))));
        drop(registered);
        assert_eq!(handler.disconnect(), Ok(()));
        assert!($peer.kept::<$callback>(stringify!($method)).is_none(), "it is still registered");
        let end = hear.recv_timeout(std::time::Duration::from_secs(10));
        assert_eq!(end, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
    }};
}
pub(crate) use heard;
