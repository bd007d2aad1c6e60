//! What can be done with the files of wallets alone, as with Bitcoin Core's tool of this name.
//!
//! In: a command and settings. Out: text.

use std::fmt;

use bitcoin_init::config::Settings;
use bitcoin_init::{Error, Result};
use bitcoin_ipc::types::Secret;
use mp_runtime::EventLoop;

use super::{settings, socket};
use crate::{Loader, Options, WalletHandle, flag};

/// A command of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Shows the wallet of `-wallet`.
    Info,
    /// Makes it.
    Create,
    /// Names all wallets.
    List,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Command::Info => "info",
            Command::Create => "create",
            Command::List => "list",
        })
    }
}

fn plain(error: impl fmt::Display) -> Error {
    Error::new(error.to_string())
}

impl Command {
    /// The command that the arguments name, if there is one.
    pub(super) fn read(arguments: &[String]) -> Result<Option<Command>> {
        let [name, more @ ..] = arguments else { return Ok(None) };
        let command = match name.as_str() {
            "info" => Command::Info,
            "create" => Command::Create,
            "list" => Command::List,
            "dump" | "createfromdump" => {
                return Err(Error::new(format!(
                    "{name} is not supported: these wallets have another format than Bitcoin Core's; the node's \
                     RPC has backupwallet, restorewallet, listdescriptors and importdescriptors"
                )));
            }
            _ => {
                return Err(Error::new(format!(
                    "unknown command {name}; it is info, create, list or doctor"
                )));
            }
        };
        match more.first() {
            None => Ok(Some(command)),
            Some(more) => {
                Err(Error::new(format!("unexpected `{more}`: {command} takes options before it only")))
            }
        }
    }

    /// Does it, and prints what there is to know.
    pub(super) fn run(self, settings: &Settings) -> Result<()> {
        let options = settings::options(settings)?;
        let name = settings.text("wallet", "");
        match self {
            Command::List => list(options),
            Command::Info => {
                let loader = open(options)?;
                print(&loader.load(&name).map_err(plain)?)
            }
            Command::Create if name.is_empty() => {
                Err(Error::new("the new wallet needs a name: -wallet=<name>"))
            }
            Command::Create => {
                let loader = open(options)?;
                print(&loader.create(&name, &Secret::default(), flag::DESCRIPTORS).map_err(plain)?)
            }
        }
    }
}

/// A loader without a node. Nobody else uses the wallets meanwhile.
fn open(options: Options) -> Result<Loader> {
    let event_loop = EventLoop::new("bitcoin-wallet").map_err(plain)?;
    Loader::locked(options, socket::nobody(&event_loop).map_err(plain)?).map_err(plain)
}

fn list(options: Options) -> Result<()> {
    let event_loop = EventLoop::new("bitcoin-wallet").map_err(plain)?;
    let loader = Loader::new(options, socket::nobody(&event_loop).map_err(plain)?);
    for name in loader.list().map_err(plain)? {
        println!("{name}");
    }
    Ok(())
}

/// Prints a wallet, in the words of Bitcoin Core's tool where it has them.
fn print(wallet: &WalletHandle) -> Result<()> {
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let (height, block) = wallet.tip().map_err(plain)?;
    println!("Wallet info\n===========");
    println!("Name: {}", wallet.name());
    println!("Format: sqlite");
    println!("Descriptors: yes");
    println!("Encrypted: {}", yes(wallet.is_encrypted().map_err(plain)?));
    println!("HD (hd seed available): {}", yes(wallet.has_seed().map_err(plain)?));
    println!("Transactions: {}", wallet.wallet_txs().map_err(plain)?.len());
    println!("Address Book: {}", wallet.book().map_err(plain)?.len());
    println!("Last block: {height}, {block}");
    Ok(())
}
