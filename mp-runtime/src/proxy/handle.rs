//! What its user may ask of an object that lives at a peer.
//!
//! In: a trait object. Out: its connection, its deadline, whether it is the same as another one.

use std::sync::Arc;
use std::time::Duration;

use super::client::Inner;
use super::interface::Interface;
use crate::connection::Connection;
use crate::error::Result;

/// What can be asked of a trait object that may live at a peer.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({}, {:?})", self.0.node.name, self.0.cap)
    }
}

impl Handle {
    /// The handle of an object at a peer, or `None` for an object of this process.
    pub fn of<I: Interface + ?Sized>(object: &I) -> Option<Handle> {
        object.proxy().map(|proxy| Handle(proxy.inner().clone()))
    }

    /// The connection through which the object is reached.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection(self.0.cap.shared().clone())
    }

    /// Limits every later blocking call on this object to `timeout`; `None` lifts the limit.
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.0.set_timeout(timeout);
    }

    /// Whether two handles are the same object of the peer.
    #[must_use]
    pub fn is(&self, other: &Handle) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Calls nothing, and says whether the connection is still there.
    ///
    /// # Errors
    ///
    /// When the connection is closed.
    pub fn check(&self) -> Result<()> {
        if self.0.cap.shared().is_closed() {
            return Err(crate::error::Error::disconnected("the connection is closed"));
        }
        Ok(())
    }
}
