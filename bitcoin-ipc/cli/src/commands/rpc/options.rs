//! The options of bitcoin-cli.
//!
//! In: nothing. Out: their table, and what is to be called.

use std::time::Duration;

use bitcoin_init::arguments::{Category, Form, OptionInfo};
use bitcoin_init::config::Settings;
use bitcoin_rpc::conversion::Style;

use crate::failure::{Failure, say};

pub(crate) const ABOUT: &str = "\
Calls a method of a node's RPC server by IPC (v32 and later), with the options and
arguments of Bitcoin Core's bitcoin-cli. The method `help` lists all, `help <method>`
explains one. Passphrases and keys need not stand on the command line, where other
users see them: -stdinwalletpassphrase asks for one, -stdin reads arguments.";

const fn option(name: &'static str, form: Form, help: &'static str) -> OptionInfo {
    OptionInfo::new(name, form, Category::General, help)
}

/// What is heeded.
pub(crate) const OPTIONS: &[OptionInfo] = &[
    option("addrinfo", Form::Flag, "Show how many addresses the node knows, by network"),
    option(
        "color",
        Form::Text,
        "Colours in what -getinfo prints: always, never, or auto for on a terminal (default: auto)",
    )
    .value("<when>")
    .not_negatable(),
    option(
        "generate",
        Form::Flag,
        "Make blocks that pay to a new address of the wallet. Arguments: how many (default: 1), and how often \
         to try for each",
    ),
    option("getinfo", Form::Flag, "Show the node, its chain and the wallet at a glance"),
    option(
        "json",
        Form::Flag,
        "Print results as JSON in one line; not an option of bitcoin-cli (default: 0)",
    ),
    option(
        "named",
        Form::Flag,
        "Arguments may be <name>=<value>; those without a name go by their order (default: 0)",
    ),
    option(
        "netinfo",
        Form::Flag,
        "Show the node's peers. Arguments: a level from 0 to 4, and for another one than 0 `outonly`; or help",
    ),
    option(
        "rpcclienttimeout",
        Form::Int,
        "How many seconds a method may take, beside the time that it waits by its own argument; 0 for any \
         number (default: 900)",
    )
    .value("<n>"),
    option("rpcid", Form::Text, "The id of requests (default: 1)")
        .value("<id>")
        .not_negatable()
        .needs_value(),
    option("rpcwait", Form::Flag, "Wait until the node is there and has started"),
    option(
        "rpcwaittimeout",
        Form::Int,
        "With -rpcwait, give up after so many seconds; 0 for never (default: 0)",
    )
    .value("<n>")
    .not_negatable(),
    option("rpcwallet", Form::Text, "The wallet, for methods of one").value("<name>"),
    option(
        "stdin",
        Form::Flag,
        "Read more arguments from standard input, one a line, up to its end (Ctrl-D). On a terminal what is \
         typed is not shown for methods that take a passphrase or a key",
    ),
    option(
        "stdinrpcpass",
        Form::Flag,
        "Pass over the first line of standard input, a password for HTTP, which IPC has no use for",
    ),
    option(
        "stdinwalletpassphrase",
        Form::Flag,
        "Read the passphrase of walletpassphrase or walletpassphrasechange from a line of standard input; on a \
         terminal ask for it and do not show it",
    ),
    // Options of this program's other commands, in their words.
    option("connect", Form::Text, "").hidden().needs_value(),
    option("timeout", Form::Text, "").hidden().needs_value(),
    option("wallet", Form::Text, "").hidden().needs_value(),
];

const fn unheeded(name: &'static str) -> OptionInfo {
    option(name, Form::Text, "").hidden()
}

/// What is for HTTP, or for another program, and changes nothing here.
pub(crate) const UNHEEDED: &[OptionInfo] = &[
    unheeded("daemon"),
    unheeded("daemonwait"),
    unheeded("pid"),
    unheeded("server"),
    unheeded("rpcauth"),
    unheeded("rpcconnect"),
    unheeded("rpccookiefile"),
    unheeded("rpcpassword"),
    unheeded("rpcport").network_only(),
    unheeded("rpcuser"),
];

/// What is called in place of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overview {
    AddrInfo,
    Generate,
    GetInfo,
    NetInfo,
}

const OVERVIEWS: [(&str, Overview); 4] = [
    ("addrinfo", Overview::AddrInfo),
    ("generate", Overview::Generate),
    ("getinfo", Overview::GetInfo),
    ("netinfo", Overview::NetInfo),
];

/// The options, read.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) style: Style,
    pub(super) wallet: Option<String>,
    pub(super) overview: Option<Overview>,
    pub(super) id: String,
    pub(super) user: String,
    pub(super) color: String,
    pub(super) json: bool,
    /// Whether to wait for the node, and for how long.
    pub(super) wait: Option<Option<Duration>>,
    pub(super) stdin: bool,
    pub(super) stdin_password: bool,
    pub(super) stdin_passphrase: bool,
}

impl Options {
    pub(super) fn new(settings: &Settings) -> Result<Options, Failure> {
        warn(settings)?;
        let seconds = settings.int("rpcwaittimeout", 0).map_err(Failure::from_settings)?;
        let limit = u64::try_from(seconds).ok().filter(|&seconds| seconds > 0).map(Duration::from_secs);
        let wallet = ["rpcwallet", "wallet"].into_iter().find(|name| match *name {
            "wallet" => settings.on_command_line("wallet"),
            name => settings.is_set(name) && !settings.is_negated(name),
        });
        let given: Vec<_> = OVERVIEWS.iter().filter(|(name, _)| settings.is_set(name)).collect();
        if given.len() > 1 {
            let names: Vec<String> = given.iter().map(|(name, _)| format!("-{name}")).collect();
            return Err(Failure::plain(format!("error: Only one of {} may be specified.", names.join(", "))));
        }
        let overview = given.first().filter(|(name, _)| settings.bool(name, false));
        Ok(Options {
            style: if settings.bool("named", false) { Style::Named } else { Style::Positional },
            wallet: wallet.map(|name| settings.text(name, "")),
            overview: overview.map(|(_, overview)| *overview),
            id: settings.text("rpcid", "1"),
            user: settings.text("rpcuser", ""),
            color: settings.text("color", "auto"),
            json: settings.bool("json", false),
            wait: settings.bool("rpcwait", false).then_some(limit),
            stdin: settings.bool("stdin", false),
            stdin_password: settings.bool("stdinrpcpass", false),
            stdin_passphrase: settings.bool("stdinwalletpassphrase", false),
        })
    }
}

/// Says which options of the command line change nothing, and refuses what asks for another node.
fn warn(settings: &Settings) -> Result<(), Failure> {
    let host = settings.text("rpcconnect", "127.0.0.1");
    let host = host.trim_start_matches('[');
    if !settings.is_negated("rpcconnect")
        && !["", "127.0.0.1", "localhost", "::1"].iter().any(|local| is_host(host, local))
    {
        return Err(Failure::plain(format!(
            "error: -rpcconnect={host} asks for HTTP, which this program does not speak: it reaches nodes of this \
             machine by IPC (-ipcconnect). Bitcoin Core's bitcoin-cli does both"
        )));
    }
    for option in UNHEEDED.iter().filter(|option| settings.on_command_line(option.name())) {
        let name = option.name();
        match name {
            // Goes to the node with the request.
            "rpcuser" => {}
            "daemon" | "daemonwait" | "pid" | "server" => {
                say(&format!("Warning: -{name} has no effect here; it is an option of the node"));
            }
            _ => say(&format!("Warning: -{name} has no effect here; it is for HTTP, and this is IPC")),
        }
    }
    Ok(())
}

/// Whether a host, which may have a port behind it, is this one.
fn is_host(host: &str, local: &str) -> bool {
    host.strip_prefix(local).is_some_and(|rest| {
        let port = rest.trim_start_matches(']');
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    })
}
