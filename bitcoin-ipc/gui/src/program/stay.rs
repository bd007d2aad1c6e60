//! A node that the window starts and leaves.
//!
//! In: the options of the user. Out: `bitcoin-node` in the background, in a session of its own; from then on it is a
//! node that runs already.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use mp_runtime::{sibling, try_connect};
use serde_json::Value;

use super::attach::Attach;
use super::{Missing, NodeSource, Opened};
use crate::text::words::{mark, say};

/// A node that the window starts, if there is none, and leaves.
pub(super) struct Stay {
    attach: Attach,
    socket: PathBuf,
    arguments: Vec<String>,
    started: bool,
}

impl Stay {
    pub(super) fn new(attach: Attach, socket: PathBuf, arguments: Vec<String>) -> Stay {
        Stay { attach, socket, arguments, started: false }
    }

    fn start(&self) -> Result<(), Missing> {
        let never = |why: String| Missing::Never(say!("The node cannot start: {why}", why));
        let program = sibling("bitcoin-node").map_err(|error| never(error.text().to_owned()))?;
        let mut command = Command::new(&program);
        command.args(&self.arguments).arg("-daemon").stdin(Stdio::null());
        let output = command.output().map_err(|error| never(error.to_string()))?;
        tracing::info!(target: "gui", "Started {} in the background: {}", program.display(), output.status);
        if output.status.success() {
            return Ok(());
        }
        Err(never(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

impl NodeSource for Stay {
    fn open(&mut self, step: &dyn Fn(&str)) -> Result<Opened, Missing> {
        if !self.started && try_connect(&self.socket).is_err() {
            step(mark!("Starting the node…"));
            self.start()?;
        }
        self.started = true;
        self.attach.open(step)
    }

    fn pause(&self) -> Option<Duration> {
        self.attach.pause()
    }
}

/// The arguments of a node that listens: the user's own, but for those of the window.
pub(super) fn arguments(options: &BTreeMap<String, Vec<Value>>, own: &[&str]) -> Vec<String> {
    let mut arguments = Vec::new();
    for (name, values) in options.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
        arguments.extend(values.iter().map(|value| match value {
            Value::Bool(false) => format!("-no{name}"),
            Value::Bool(true) => format!("-{name}=1"),
            Value::String(text) => format!("-{name}={text}"),
            other => format!("-{name}={other}"),
        }));
    }
    if !options.contains_key("ipcbind") {
        arguments.push("-ipcbind=unix".to_owned());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_gets_the_options_that_are_its_own() {
        let mut options = BTreeMap::new();
        for (name, values) in [
            ("regtest", vec![json!("")]),
            ("wallet", vec![json!("a b"), json!("c")]),
            ("txindex", vec![json!(false)]),
            ("nodestays", vec![json!("")]),
        ] {
            options.insert(name.to_owned(), values);
        }
        let expected = ["-regtest=", "-notxindex", "-wallet=a b", "-wallet=c", "-ipcbind=unix"];
        assert_eq!(arguments(&options, &["nodestays"]), expected);
    }
}
