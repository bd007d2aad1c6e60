//! RPC methods of a node and its wallets.
//!
//! In: a method and its parameters. Out: the result, by our own client over the node's socket or by
//! Bitcoin Core's `bitcoin-cli`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bitcoin::Network;
use bitcoin_ipc::{ConnectOptions, Reconnect, blocking};
use futures::executor::block_on;
use serde_json::Value;

use crate::{Failure, Result};

/// Calls a node's RPC methods. Clones share one connection.
#[derive(Clone, Debug)]
pub struct Caller(Way);

#[derive(Clone, Debug)]
enum Way {
    Client(blocking::Client),
    Cli { program: PathBuf, directory: PathBuf, socket: PathBuf },
}

impl Caller {
    /// Connects by our own client.
    ///
    /// # Errors
    ///
    /// Nothing answers there.
    pub fn connect(socket: &Path) -> Result<Caller> {
        let reconnect = Reconnect {
            first_pause: Duration::from_millis(20),
            longest_pause: Duration::from_millis(200),
            give_up: Some(Duration::from_secs(1)),
        };
        let options =
            ConnectOptions::new().network(Network::Regtest).name("bitcoin-demo").reconnect(reconnect);
        let client = block_on(options.connect(socket))?;
        Ok(Caller(Way::Client(client.into())))
    }

    /// Calls by `bitcoin-cli`, which takes its configuration from a data directory.
    #[must_use]
    pub fn cli(program: &Path, directory: &Path, socket: &Path) -> Caller {
        Caller(Way::Cli { program: program.into(), directory: directory.into(), socket: socket.into() })
    }

    /// Calls a method; parameters are a list, or an object with their names.
    ///
    /// # Errors
    ///
    /// The method's, or those of the way to it.
    pub fn call(&self, wallet: Option<&str>, method: &str, params: Value) -> Result<Value> {
        match &self.0 {
            Way::Client(client) => Ok(client.execute_rpc(method, params, wallet)?),
            Way::Cli { program, directory, socket } => {
                let mut command = Command::new(program);
                command.arg("-regtest").arg(format!("-datadir={}", directory.display()));
                command.arg(format!("-ipcconnect=unix:{}", socket.display()));
                command.args(wallet.map(|wallet| format!("-rpcwallet={wallet}")));
                run(command, method, &params)
            }
        }
    }
}

/// A parameter as `bitcoin-cli` takes it.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Runs `bitcoin-cli`. Parameters go to its standard input, where no list of processes shows them.
fn run(mut command: Command, method: &str, params: &Value) -> Result<Value> {
    let words: Vec<String> = match params {
        Value::Array(list) => list.iter().map(word).collect(),
        Value::Object(names) => {
            command.arg("-named");
            names.iter().map(|(name, value)| format!("{name}={}", word(value))).collect()
        }
        other => return Err(Failure::new(format!("parameters are a list or an object, and not {other}"))),
    };
    command.args(["-stdin", method]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child =
        command.spawn().map_err(|error| Failure::new(format!("cannot run {program}: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        for word in words {
            writeln!(stdin, "{word}")?;
        }
    }
    let output = child.wait_with_output()?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(error(&stderr));
    }
    let text = stdout.trim_end();
    Ok(match text {
        "" => Value::Null,
        // A result that is a text stands there as it is.
        _ => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    })
}

/// Reads what `bitcoin-cli` writes about an error.
fn error(text: &str) -> Failure {
    let read = || {
        let rest = text.strip_prefix("error code: ")?;
        let (code, message) = rest.split_once("\nerror message:\n")?;
        Some(Failure::Rpc { code: code.trim().parse().ok()?, message: message.trim_end().to_owned() })
    };
    read().unwrap_or_else(|| Failure::new(text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_bitcoin_cli_are_read() {
        let failure = error("error code: -18\nerror message:\nNo wallet is loaded.\nLoad one.\n");
        assert_eq!(
            failure,
            Failure::Rpc { code: -18, message: "No wallet is loaded.\nLoad one.".to_owned() }
        );
        assert_eq!(error("error: no node\n"), Failure::new("error: no node"));
    }
}
