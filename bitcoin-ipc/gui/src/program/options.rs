//! The options of the window.
//!
//! In: arguments and files. Out: settings, and which nodes are meant.

use std::path::{Path, PathBuf};

use bitcoin_init::arguments::{
    Arguments, CORE_OPTIONS, Category, Form, INERT_OPTIONS, LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS,
    OptionInfo, Program, REFUSED_OPTIONS, SHARED_OPTIONS, WALLET_OPTIONS, WALLET_SOCKET,
};
use bitcoin_init::config::Settings;
use bitcoin_init::{Error, Result};
use bitcoin_ipc::Trust;
use bitcoin_ipc::client::Address;
use mp_runtime::try_connect;

const ABOUT: &str = "bitcoin-gui is a window on a node and its wallets. It attaches to the node that listens on \
                     node.sock in the network's directory (bitcoin-node -ipcbind=unix), or starts bitcoin-node. \
                     With -core it starts bitcoin-wallet for an unmodified Bitcoin Core, or attaches to the one that is \
                     there. Options of the node and of wallets are passed on to what it starts. An argument may be \
                     a payment URI, bitcoin:<address>.";

const OWN_OPTIONS: &[OptionInfo] = &[
    OptionInfo::new(
        "ipcconnect",
        Form::Text,
        Category::Ipc,
        "The node to attach to, which is waited for: unix for node.sock in the network's directory, unix:<path> for \
         another socket, where a relative path counts from there; may be given several times. auto attaches to a \
         node that listens there, and starts one otherwise; 0 always starts one (default: auto)",
    )
    .value("<address>"),
    OptionInfo::new(
        "nodestays",
        Form::Flag,
        Category::Ipc,
        "Start bitcoin-node in the background if none listens on node.sock in the network's directory, attach to it, and \
         leave it running when the window is closed (default: 0)",
    ),
    OptionInfo::new(
        "ipctrust",
        Form::Text,
        Category::Ipc,
        "Whose processes may be the node, which hears passphrases: own for those of the same user and of root, the \
         number of another user, or any (default: own)",
    )
    .value("<user>")
    .not_negatable(),
    OptionInfo::new(
        "monitor",
        Form::Text,
        Category::Ipc,
        "A socket on which this window tells which calls it makes, for bitcoin-ipc top --socket; a relative path counts \
         from the network's directory (default: none)",
    )
    .value("<socket>")
    .not_negatable(),
];

/// What every window takes.
fn window(program: Program) -> Program {
    program
        .positional("[<uri>]")
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(NODE_OPTIONS)
        .options(WALLET_OPTIONS)
        .options(LOG_OPTIONS)
}

/// The options that a node does not know.
pub(super) fn own() -> Vec<&'static str> {
    OWN_OPTIONS.iter().map(|option| option.name()).collect()
}

/// The table of options of a window on nodes of other processes.
pub(super) fn attaching() -> Program {
    window(Program::new("bitcoin-gui", env!("CARGO_PKG_VERSION"), ABOUT))
        .options(CORE_OPTIONS)
        .options(OWN_OPTIONS)
}

/// The table of options of a window on a node of the same process.
pub(super) fn hosting(name: &'static str, about: &'static str) -> Program {
    window(Program::new(name, env!("CARGO_PKG_VERSION"), about))
}

/// The settings. The configuration file may have what only other programs know.
pub(super) fn load(program: Program, arguments: Arguments) -> Result<Settings> {
    Settings::load(&program.options(INERT_OPTIONS).options(REFUSED_OPTIONS), arguments)
}

/// Whose node it may be.
pub(super) fn trust(settings: &Settings) -> Result<Trust> {
    let trust: bitcoin_ipc::Result<Trust> = settings.text("ipctrust", "own").parse();
    trust.map_err(|error| Error::new(format!("-ipctrust: {}", error.text())))
}

/// Where the window tells which calls it makes, if it is to.
pub(super) fn monitor(settings: &Settings, network_dir: &Path) -> Option<PathBuf> {
    let path = settings.text("monitor", "");
    (!path.is_empty()).then(|| network_dir.join(path))
}

/// A node that the user means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// The one that listens here.
    Attach(PathBuf),
    /// A new one.
    Spawn,
    /// That of somebody else, with wallets of our own.
    OnCore,
    /// The one that listens here, or a new one, which stays.
    Stay(PathBuf),
}

/// The nodes that the settings name.
pub(super) fn wishes(settings: &Settings, network_dir: &Path) -> Result<Vec<Wish>> {
    let socket = |address: &Address| {
        address.socket(network_dir).map_err(|error| Error::new(format!("-ipcconnect: {}", error.text())))
    };
    if settings.is_set("core") && !settings.is_negated("core") {
        return Ok(vec![on_core(settings, &socket)?]);
    }
    let named = settings.list("ipcconnect");
    if named.is_empty() && settings.is_negated("ipcconnect") || named == ["0"] {
        return Ok(vec![Wish::Spawn]);
    }
    if settings.bool("nodestays", false) {
        return Ok(vec![Wish::Stay(socket(&Address::Auto)?)]);
    }
    let automatic = |text: &String| matches!(text.as_str(), "" | "1" | "auto");
    if named.iter().all(automatic) {
        let socket = socket(&Address::Auto)?;
        return Ok(vec![if try_connect(&socket).is_ok() { Wish::Attach(socket) } else { Wish::Spawn }]);
    }
    let attach = |text: &String| {
        let address: bitcoin_ipc::Result<Address> = text.parse();
        socket(&address.map_err(|error| Error::new(format!("-ipcconnect: {}", error.text())))?)
            .map(Wish::Attach)
    };
    named.iter().map(attach).collect()
}

/// The wallets on the Bitcoin Core of `-core`: those that listen here, or new ones.
fn on_core(settings: &Settings, socket: &dyn Fn(&Address) -> Result<PathBuf>) -> Result<Wish> {
    for other in ["ipcconnect", "nodestays"] {
        if settings.is_set(other) {
            return Err(Error::new(format!("-core and -{other} name two nodes: choose one")));
        }
    }
    let address: bitcoin_ipc::Result<Address> = settings.text("ipcbind", WALLET_SOCKET).parse();
    let socket = socket(&address.map_err(|error| Error::new(format!("-ipcbind: {}", error.text())))?)?;
    Ok(if try_connect(&socket).is_ok() { Wish::Attach(socket) } else { Wish::OnCore })
}

#[cfg(test)]
mod tests {
    use bitcoin_init::arguments::{Invocation, parse};

    use super::*;

    fn wished(args: &[&str]) -> Result<Vec<Wish>> {
        let args = [&["bitcoin-gui", "-regtest", "-noconf", "-nosettings"], args].concat();
        let Ok(Invocation::Run(arguments)) = parse(&attaching(), args) else { panic!("no run") };
        wishes(&load(attaching(), arguments)?, Path::new("/nowhere"))
    }

    #[test]
    fn nodes_are_named_as_the_wallet_program_names_them() {
        let attach = |path: &str| Wish::Attach(PathBuf::from(path));
        assert_eq!(wished(&[]), Ok(vec![Wish::Spawn]));
        assert_eq!(wished(&["-ipcconnect=auto"]), Ok(vec![Wish::Spawn]));
        assert_eq!(wished(&["-noipcconnect"]), Ok(vec![Wish::Spawn]));
        assert_eq!(wished(&["-ipcconnect=0"]), Ok(vec![Wish::Spawn]));
        assert_eq!(wished(&["-ipcconnect=unix"]), Ok(vec![attach("/nowhere/node.sock")]));
        assert_eq!(
            wished(&["-ipcconnect=unix:a.sock", "-ipcconnect=unix:/b.sock"]),
            Ok(vec![attach("/nowhere/a.sock"), attach("/b.sock")])
        );
        let stay = Wish::Stay(PathBuf::from("/nowhere/node.sock"));
        assert_eq!(wished(&["-nodestays"]), Ok(vec![stay]));
        assert!(wished(&["-ipcconnect=tcp:1"]).is_err());
    }

    #[test]
    fn wallets_on_somebody_elses_node_are_one_wish() {
        assert_eq!(wished(&["-core=unix"]), Ok(vec![Wish::OnCore]));
        assert_eq!(wished(&["-nocore"]), Ok(vec![Wish::Spawn]));
        for other in ["-ipcconnect=unix", "-nodestays"] {
            let refused = wished(&["-core=http://127.0.0.1", other]).unwrap_err();
            assert!(refused.text().contains("choose one"), "{refused}");
        }
    }
}
