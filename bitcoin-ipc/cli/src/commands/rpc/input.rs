//! Standard input, for what should not stand on a command line.
//!
//! In: lines of standard input. Out: texts; on a terminal they may stay unseen.

use std::io::IsTerminal;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::oneshot;

use crate::failure::Failure;

/// A terminal that does not show what is typed, until this is dropped.
struct Unseen(Termios);

impl Unseen {
    /// None where standard input is no terminal.
    fn begin() -> Option<Unseen> {
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        // The end of a line shows that it was taken.
        unseen.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &unseen).ok()?;
        Some(Unseen(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone needs none.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}

/// Reads on a thread, so that Ctrl-C is heard meanwhile. Nothing keeps the program from ending while it does.
async fn read<T: Send + 'static>(
    read: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let (sender, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new().name("stdin".into());
    let started = thread.spawn(move || {
        let _ = sender.send(read());
    });
    let read = match started {
        Ok(_) => receiver.await.map_err(|_| std::io::Error::other("nothing came")),
        Err(error) => Err(error),
    };
    read.and_then(|read| read)
        .map_err(|error| Failure::plain(format!("error: cannot read standard input: {error}")))
}

/// A line, which is asked for on a terminal and not shown there; `None` at the end.
pub(super) async fn secret(prompt: &str) -> Result<Option<String>, Failure> {
    let _unseen = Unseen::begin();
    if std::io::stdin().is_terminal() {
        // Nobody sees a prompt where stderr is closed.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), prompt.as_bytes());
    }
    read(|| {
        let mut line = String::new();
        let length = std::io::stdin().read_line(&mut line)?;
        if line.ends_with('\n') {
            line.pop();
        }
        Ok((length > 0).then_some(line))
    })
    .await
}

/// All lines up to the end.
pub(super) async fn lines(unseen: bool) -> Result<Vec<String>, Failure> {
    let _unseen = unseen.then(Unseen::begin);
    read(|| {
        let text = std::io::read_to_string(std::io::stdin())?;
        let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n').map(str::to_owned);
        Ok(if text.is_empty() { Vec::new() } else { lines.collect() })
    })
    .await
}
