//! What turns events into what is shown and into calls.
//!
//! In: messages of windows, of nodes, of calls that ended. Out: a [`Model`] for each window, and [`Task`]s for whoever
//! runs them. Everything that is decided is decided in [`reduce`], which waits for nothing.

mod msg;
mod publish;
mod reduce;
mod task;

pub(crate) use msg::{
    Answer, Answered, Arrival, Command, Event, Failure, FailureKind, Msg, PeerCommand, SendOutcome,
    WalletAnswer, WalletCommand,
};
pub(crate) use publish::{Engine, Run, Sender};
pub(crate) use reduce::reduce;
pub(crate) use task::{Contents, Task, WalletTask};

use crate::model::Model;
