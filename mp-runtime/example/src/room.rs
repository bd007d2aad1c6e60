//! A room that many peers join: asynchronous calls in both directions.
//!
//! In: members that live at peers. Out: what one says, told to all of them at the same time.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use mp_runtime::{Result, ipc_file, ipc_interface};

ipc_file! {
    /// The file of the room's interfaces.
    static ROOM: "room.capnp" @ 0xa9d5b3c07f164e28;
}

/// Somebody in the room.
#[ipc_interface(file = ROOM)]
pub trait Member: Send + Sync {
    /// Hears what was said, and by whom.
    async fn hear(&self, speaker: u32, text: String) -> Result<()>;
}

/// The room.
#[ipc_interface(file = ROOM, construct, destroy = false)]
pub trait Room: Send + Sync {
    /// Joins the room; returns the member's number.
    async fn join(&self, member: Arc<dyn Member>) -> Result<u32>;

    /// Says something; returns how many members heard it.
    async fn say(&self, speaker: u32, text: String) -> Result<u32>;
}

/// A room inside this process.
#[derive(Default)]
pub struct Hall {
    members: Mutex<Vec<Arc<dyn Member>>>,
}

impl std::fmt::Debug for Hall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hall")
    }
}

#[ipc_interface]
impl Room for Hall {
    async fn join(&self, member: Arc<dyn Member>) -> Result<u32> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.push(member);
        u32::try_from(members.len()).map_err(|_| mp_runtime::Error::failed("the room is full"))
    }

    async fn say(&self, speaker: u32, text: String) -> Result<u32> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let heard = join_all(members.iter().map(|member| member.hear(speaker, text.clone()))).await;
        // A member that left meanwhile hears nothing, and that is all.
        Ok(heard.iter().map(|heard| u32::from(heard.is_ok())).sum())
    }
}
