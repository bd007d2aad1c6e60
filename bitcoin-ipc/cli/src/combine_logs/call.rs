//! The lines that IPC calls leave in a log.
//!
//! In: a line. Out: which call of which connection it belongs to, and what happened to it.

use std::str::FromStr;

use bitcoin_init::Error;

/// What happened to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    ClientSend,
    ClientEnd,
    ServerReceive,
    ServerEnd,
}

/// The beginnings of the lines, as the IPC log writes them.
const STEPS: [(&str, Step); 9] = [
    ("IPC client send ", Step::ClientSend),
    ("IPC client recv ", Step::ClientEnd),
    ("IPC client exception ", Step::ClientEnd),
    ("IPC client cancel ", Step::ClientEnd),
    ("IPC server recv request ", Step::ServerReceive),
    ("IPC server send response ", Step::ServerEnd),
    ("IPC server error request ", Step::ServerEnd),
    ("IPC server canceled request ", Step::ServerEnd),
    ("IPC server request canceled while executing ", Step::ServerEnd),
];

/// A line of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallLine<'a> {
    pub(super) step: Step,
    /// Interface and method, as in `Init.makeNode`.
    pub(super) method: &'a str,
    /// The number of the connection, which is the process's own.
    pub(super) connection: u64,
    /// The number of the call, which is the process's own.
    pub(super) call: u64,
}

impl<'a> CallLine<'a> {
    /// Reads a line; none for one that is no call's.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        // The text begins behind the category.
        let text = &line[line.find("] IPC ")? + 2..];
        let (step, rest) =
            STEPS.iter().find_map(|(begin, step)| text.strip_prefix(begin).map(|rest| (*step, rest)))?;
        let method = rest.split(' ').next().filter(|method| method.contains('.'))?;
        let number = |key: &str| {
            let field = rest.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            field?.parse().ok()
        };
        Some(CallLine { step, method, connection: number("connection")?, call: number("call")? })
    }
}

/// One call of all: the n-th of its method, counted from 1 in the order of their first lines, written
/// `Node.getBestBlock#3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    pub(super) method: String,
    pub(super) number: u64,
}

impl FromStr for Follow {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (method, number) = text.split_once('#').unwrap_or((text, "1"));
        match number.parse() {
            Ok(number) if number > 0 && method.contains('.') => {
                Ok(Follow { method: method.to_owned(), number })
            }
            _ => Err(Error::new(format!("`{text}` is not a call; write one as Node.getBestBlock#3"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_calls() {
        let line = "2026-11-21T10:10:35.123456Z [main] [ipc:debug] IPC server send response Init.makeNode connection=2 call=7 micros=5 bytes=8";
        let expected = CallLine { step: Step::ServerEnd, method: "Init.makeNode", connection: 2, call: 7 };
        assert_eq!(CallLine::parse(line), Some(expected));
        for other in [
            "",
            "2026-11-21T10:10:35.123456Z [ipc:debug] IPC client destroy interface=Init",
            "2026-11-21T10:10:35.123456Z [ipc:debug] IPC client send Init.makeNode connection=2",
            "2026-11-21T10:10:35.123456Z [node:info] said IPC client send Init.makeNode connection=2 call=7",
        ] {
            assert_eq!(CallLine::parse(other), None, "{other}");
        }
    }

    #[test]
    fn calls_have_names() {
        let follow = Follow { method: "Node.getBestBlock".to_owned(), number: 3 };
        assert_eq!("Node.getBestBlock#3".parse(), Ok(follow));
        assert_eq!("A.b".parse(), Ok(Follow { method: "A.b".to_owned(), number: 1 }));
        for text in ["", "x#1", "A.b#0", "A.b#x"] {
            assert!(text.parse::<Follow>().is_err(), "{text}");
        }
    }
}
