//! What a capability stands for by now.
//!
//! In: capnp-rpc's capabilities, which may be promises that lead to each other. Out: what they have led to.

use capnp::private::capability::ClientHook;

type Hook = Box<dyn ClientHook>;
/// More promises than the network lets the peer string together, each of which may pass through one of capnp-rpc's.
const STEPS: usize = 1_000;

/// What a capability stands for by now, or nothing if there is no end of it.
pub(crate) fn innermost(mut hook: Hook) -> Option<Hook> {
    for _ in 0..STEPS {
        match hook.get_resolved() {
            Some(next) => hook = next,
            None => return Some(hook),
        }
    }
    None
}

/// Waits until a capability is no promise of this side any more: the answer to another call, or an object that a
/// promise of the peer has led home. Nobody beyond the connection ever holds one of those.
pub(crate) async fn settle(mut hook: Hook) -> Hook {
    for _ in 0..STEPS {
        let Some(inner) = innermost(hook) else { break };
        // What belongs to the connection is the peer's, promise or not.
        let promise = if is_local(&inner) { inner.when_more_resolved() } else { None };
        match promise {
            None => return inner,
            Some(promise) => match promise.await {
                Ok(next) => hook = next,
                Err(error) => return broken(error),
            },
        }
    }
    broken(capnp::Error::failed(format!("promises lead to each other over more than {STEPS} steps")))
}

/// Whether a capability belongs to no connection.
pub(crate) fn is_local(hook: &Hook) -> bool {
    hook.get_brand() == 0
}

/// A capability that answers every call with an error.
pub(crate) fn broken(error: capnp::Error) -> Hook {
    capnp_rpc::new_broken_cap(error).hook
}
