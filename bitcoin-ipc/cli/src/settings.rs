//! What the command line and bitcoin.conf say of the node.
//!
//! In: global options, and for `rpc` the words behind it, which are bitcoin-cli's. Out: the settings, and
//! what follows the options.

use std::ffi::OsString;

use bitcoin_init::arguments::{
    Arguments, Category, Form, Invocation, NETWORK_OPTIONS, OptionInfo, Program, SHARED_OPTIONS, parse,
};
use bitcoin_init::config::Settings;

use crate::arguments::Global;
use crate::commands::rpc::options::{ABOUT, OPTIONS, UNHEEDED};
use crate::examples;
use crate::failure::Failure;

/// Where the node is; these may stand in bitcoin.conf.
const NODE: &[OptionInfo] = &[
    OptionInfo::new(
        "ipcconnect",
        Form::Text,
        Category::Ipc,
        "Where the node listens: unix or auto for node.sock in the chain's directory, unix:<path> for another \
         socket, where a relative path counts from there (default: auto)",
    )
    .value("<address>"),
    OptionInfo::new(
        "ipctrust",
        Form::Text,
        Category::Ipc,
        "Whose processes may be the node: own for those of the same user and of root, the number of another \
         user, or any (default: own)",
    )
    .value("<user>")
    .not_negatable(),
    // The program has no file of settings of its own.
    OptionInfo::new("settings", Form::Path, Category::General, "").hidden(),
    OptionInfo::new("help-debug", Form::Flag, Category::Debugging, "").hidden(),
];

/// The table of options.
fn program() -> Program {
    Program::new("bitcoin-ipc rpc", env!("CARGO_PKG_VERSION"), ABOUT)
        .positional("<method> [<argument>...]")
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(NODE)
        .options(OPTIONS)
        .options(UNHEEDED)
}

/// What `rpc -help` prints.
pub(crate) fn rpc_help() -> String {
    format!("{}\n{}\n", program().help_text().trim_end(), examples::RPC)
}

/// What was asked for.
pub(crate) enum Asked {
    /// A text to print.
    Text(String),
    /// A run by these settings, with what follows the options.
    Run(Box<Settings>, Vec<String>),
}

/// Reads global options, more options if there are any, and the configuration file.
pub(crate) fn load(global: &Global, more: &[OsString]) -> Result<Asked, Failure> {
    let words = std::iter::once("bitcoin-ipc".into()).chain(global.words()).chain(more.iter().cloned());
    let arguments = match parse(&program(), words) {
        Ok(Invocation::Print(text)) if text == program().version_text() => return Ok(Asked::Text(text)),
        Ok(Invocation::Print(_)) => return Ok(Asked::Text(rpc_help())),
        Ok(Invocation::Run(arguments)) => arguments,
        Ok(_) => return Err(Failure::plain("Error parsing command line arguments: -ipcfd is not for users")),
        Err(error) => return Err(Failure::plain(format!("Error parsing command line arguments: {error}"))),
    };
    let Arguments { mut options, positional } = arguments;
    // The file is the node's, which may be writing it.
    options.insert("settings".to_owned(), vec![false.into()]);
    let arguments = Arguments { options, positional: Vec::new() };
    match Settings::load(&program(), arguments) {
        Ok(settings) => Ok(Asked::Run(Box::new(settings), positional)),
        Err(error) => Err(Failure::plain(format!("Error reading configuration: {error}"))),
    }
}

impl Global {
    /// The options in bitcoin-cli's form.
    fn words(&self) -> Vec<OsString> {
        let option = |name: &str, value: OsString| {
            let mut word = OsString::from(format!("-{name}="));
            word.push(value);
            word
        };
        let mut words: Vec<OsString> = Vec::new();
        let chain = self.chain.map(|chain| option("chain", chain.name().into()));
        words.extend(chain);
        for (given, word) in
            [(self.testnet4, "-testnet4"), (self.signet, "-signet"), (self.regtest, "-regtest")]
        {
            words.extend(given.then(|| word.into()));
        }
        words.extend(self.datadir.as_ref().map(|path| option("datadir", path.into())));
        words.extend(self.conf.as_ref().map(|path| option("conf", path.into())));
        words.extend(self.connect.as_ref().map(|address| option("ipcconnect", address.to_string().into())));
        words.extend(self.trust.as_ref().map(|trust| option("ipctrust", trust.into())));
        words
    }
}
