//! Echoes by way of a process of its own, to see that processes can be split here.
//!
//! In: texts. Out: the same, from a `bitcoin-node` that is spawned for it and ends.

use bitcoin_ipc::interfaces::Init;
use futures::executor::block_on;
use mp_runtime::{Error, EventLoop, Result, SpawnArgument, sibling, spawn};

/// The program that is split from itself.
const PROGRAM: &str = "bitcoin-node";

/// Whether this process is one of those that spawn others; `bitcoind` is not.
pub(super) fn is_split() -> bool {
    std::env::current_exe().is_ok_and(|program| program.file_stem().is_some_and(|name| name == PROGRAM))
}

/// Sends a text to a new process and back.
pub(super) fn echo(event_loop: &EventLoop, text: &str) -> Result<String> {
    let (child, init) = spawn::<dyn Init>(event_loop, sibling(PROGRAM)?, SpawnArgument::default())?;
    let echo = init.make_echo()?.ok_or_else(|| Error::failed(format!("{PROGRAM} has no echo")))?;
    let answer = block_on(echo.echo(text));
    // It ends when its parent has let go of it.
    let connection = init.connection().clone();
    drop((echo, init));
    connection.close();
    child.wait()?;
    answer
}
