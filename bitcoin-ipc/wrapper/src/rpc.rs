//! `bitcoin rpc` where Bitcoin Core's `bitcoin-cli` is not installed.
//!
//! In: arguments of `bitcoin-cli`. Out: a call of `bitcoin-ipc rpc` that does the same over IPC.

use std::ffi::OsString;

use bitcoin_common::{Error, Result};

use crate::config;
use crate::exec::Call;

/// Translates the options before the method. `bitcoin-ipc` reads no configuration file, so it is told
/// the network and the data directory.
pub(crate) fn translate(args: &[OsString]) -> Result<Call> {
    let (mut global, mut own): (Vec<OsString>, Vec<OsString>) = (Vec::new(), Vec::new());
    let mut named = true;
    let mut rest = args;
    while let [arg, after @ ..] = rest
        && let Some(arg) = arg.to_str()
        && let Some((name, value)) = config::option_name(arg)
    {
        match (name, value) {
            ("named", None | Some("1")) | ("nonamed", Some("0")) => named = true,
            ("nonamed", None | Some("1")) | ("named", Some("0")) => named = false,
            ("rpcwallet", Some(value)) => own.extend(["--wallet".into(), value.into()]),
            ("rpcclienttimeout", Some(value)) => global.extend(["--timeout".into(), value.into()]),
            ("help" | "h" | "?", _) => {
                return Ok(Call::new("bitcoin-ipc", vec!["rpc".into(), "--help".into()]));
            }
            ("version", _) => return Ok(Call::new("bitcoin-ipc", vec!["--version".into()])),
            _ if config::counts(name) => {}
            _ => {
                let text = format!("bitcoin-cli is not installed, and bitcoin-ipc has nothing like {arg}");
                return Err(Error::new(text));
            }
        }
        rest = after;
    }
    let settings = config::load(args)?;
    let mut all: Vec<OsString> = vec!["--chain".into(), settings.network().to_core_arg().into()];
    // Without a home directory an address alone may do.
    if let Ok(directory) = settings.data_dir() {
        all.extend(["--datadir".into(), directory.into()]);
    }
    match settings.text("ipcconnect", "").as_str() {
        "0" => return Err(Error::new("without IPC (-noipcconnect) bitcoin-cli is needed; install it")),
        "" => {}
        address => all.extend(["--connect".into(), address.into()]),
    }
    all.append(&mut global);
    all.push("rpc".into());
    all.append(&mut own);
    if named {
        all.push("--named".into());
    }
    // A method that begins with a dash would be an option.
    all.push("--".into());
    all.extend_from_slice(rest);
    Ok(Call::new("bitcoin-ipc", all))
}
