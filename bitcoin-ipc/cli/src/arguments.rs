//! The command line.
//!
//! In: the arguments of the process. Out: where the node is, and what to do there. The texts here, and
//! those in `examples`, are what `--help` prints.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;

use bitcoin::address::NetworkUnchecked;
use bitcoin::{Network, ScriptBuf};
use bitcoin_ipc::client::Address;
use bitcoin_ipc::{Release, Trust};
use bitcoin_ipc_cli::combine_logs::Follow;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::examples;

/// Talks to a running bitcoin-node by IPC, whether it is v30, v31 or v32.
#[derive(Debug, Parser)]
#[command(name = "bitcoin-ipc", version, max_term_width = 100, after_help = examples::ALL)]
pub(crate) struct Arguments {
    /// Where the node is.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The node's address: `unix`, `unix:PATH` or `auto`; a PATH counts from the chain's directory [default:
    /// bitcoin.conf's ipcconnect, or unix]
    #[arg(long, global = true, value_name = "ADDRESS", value_parser = parsed::<Address>)]
    pub(crate) connect: Option<Address>,
    /// Whose processes may be the node: `own` (and root's), the number of another user, or `any` [default:
    /// bitcoin.conf's ipctrust, or own]
    #[arg(long, global = true, value_name = "USER", value_parser = trusted)]
    pub(crate) trust: Option<String>,
    /// The chain, whose directory has the socket [default: bitcoin.conf's, or main]
    #[arg(long, global = true, value_enum)]
    pub(crate) chain: Option<Chain>,
    /// Short for --chain testnet4
    #[arg(long, global = true, conflicts_with_all = ["chain", "signet", "regtest"])]
    pub(crate) testnet4: bool,
    /// Short for --chain signet
    #[arg(long, global = true, conflicts_with_all = ["chain", "regtest"])]
    pub(crate) signet: bool,
    /// Short for --chain regtest
    #[arg(long, global = true, conflicts_with = "chain")]
    pub(crate) regtest: bool,
    /// The node's data directory, if not Bitcoin Core's default
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) datadir: Option<PathBuf>,
    /// The node's configuration file [default: bitcoin.conf in the data directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) conf: Option<PathBuf>,
    /// The node's release (v30, v31, v32), so that it need not be found out
    #[arg(long, global = true, value_name = "RELEASE", value_parser = parsed::<Release>)]
    pub(crate) release: Option<Release>,
    /// How long a call may take that does not wait for a block, and so how soon a node that hangs is
    /// noticed; also how long to try to connect again
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=u64::from(u32::MAX)))]
    pub(crate) timeout: u64,
    /// Print one JSON object per line, for scripts
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log every call to stderr; twice, with its contents
    #[arg(long, global = true, action = clap::ArgAction::Count)]
    pub(crate) debug: u8,
    /// Colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

impl Global {
    /// The network, if an option names it.
    pub(crate) fn network(&self) -> Option<Network> {
        match self {
            Global { chain: Some(chain), .. } => Some(chain.network()),
            Global { testnet4: true, .. } => Some(Network::Testnet4),
            Global { signet: true, .. } => Some(Network::Signet),
            Global { regtest: true, .. } => Some(Network::Regtest),
            _ => None,
        }
    }
}

/// A chain, as Bitcoin Core's option `-chain` names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Chain {
    Main,
    Test,
    Testnet4,
    Signet,
    Regtest,
}

impl Chain {
    pub(crate) const ALL: [Chain; 5] =
        [Chain::Main, Chain::Test, Chain::Testnet4, Chain::Signet, Chain::Regtest];

    /// Its name in `-chain`.
    pub(crate) fn name(self) -> &'static str {
        self.network().to_core_arg()
    }

    pub(crate) fn network(self) -> Network {
        match self {
            Chain::Main => Network::Bitcoin,
            Chain::Test => Network::Testnet,
            Chain::Testnet4 => Network::Testnet4,
            Chain::Signet => Network::Signet,
            Chain::Regtest => Network::Regtest,
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// The same for the terminal.
    pub(crate) fn choice(self) -> anstream::ColorChoice {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the node's release, chain, highest block and connection
    Info,
    /// Show the highest block
    #[command(after_help = examples::TIP)]
    Tip(Tip),
    /// Make a block template and show what is in it
    #[command(after_help = examples::TEMPLATE)]
    Template(Template),
    /// Mine blocks, on regtest
    #[command(after_help = examples::MINE)]
    Mine(Mine),
    /// Show a transaction of the mempool (v32 and later)
    #[command(after_help = examples::TX)]
    Tx(Tx),
    /// Call a method of the node's RPC server (v32 and later), with bitcoin-cli's options
    #[command(after_help = examples::RPC)]
    Rpc(Rpc),
    /// Send a text to the node and print what comes back
    Echo(Echo),
    /// Measure how fast the node answers
    Bench(Bench),
    /// Watch the calls of a process that serves a monitor
    #[command(after_help = examples::TOP)]
    Top(Top),
    /// Print the logs of several processes as one, by time
    #[command(after_help = examples::COMBINE_LOGS)]
    CombineLogs(CombineLogs),
    /// Serve a node in memory, to try everything without a real one
    #[command(after_help = examples::SERVE)]
    Serve(Serve),
}

#[derive(Debug, Args)]
pub(crate) struct CombineLogs {
    /// The logs; NAME= gives the process another name than the file's ending
    #[arg(required = true, value_name = "[NAME=]FILE", value_parser = Log::parse)]
    pub(crate) logs: Vec<Log>,
    /// Show which lines are one IPC call, in all logs
    #[arg(long)]
    pub(crate) pair: bool,
    /// Show only one call and what happens during it, such as `Chain.findBlock#3` for the third
    #[arg(long, value_name = "METHOD#N", value_parser = follow)]
    pub(crate) follow: Option<Follow>,
}

/// A log and the name of its process.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl Log {
    /// Reads `name=path`, or a path whose ending is the name: `debug.log` is the node's.
    #[allow(clippy::unnecessary_wraps, reason = "clap wants a parser that can fail")]
    fn parse(text: &str) -> Result<Log, String> {
        if let Some((name, path)) = text.split_once('=')
            && !name.contains('/')
        {
            return Ok(Log { name: name.to_owned(), path: path.into() });
        }
        let ending = text.rsplit_once(".log.").map_or("node", |(_, ending)| ending);
        Ok(Log { name: ending.to_owned(), path: text.into() })
    }
}

fn follow(text: &str) -> Result<Follow, String> {
    text.parse().map_err(|error| format!("{error}"))
}

#[derive(Debug, Args)]
pub(crate) struct Tip {
    /// Go on with each new block, until Ctrl-C
    #[arg(long, short)]
    pub(crate) watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Template {
    /// Go on with each new template, until Ctrl-C
    #[arg(long, short)]
    pub(crate) watch: bool,
    /// With --watch: another template on the same block when the fees rise by so much; otherwise only on a new
    /// block
    #[arg(long, value_name = "SAT", requires = "watch", value_parser = clap::value_parser!(u64).range(..=2_100_000_000_000_000))]
    pub(crate) fee_threshold: Option<u64>,
    /// Take no transactions from the mempool
    #[arg(long)]
    pub(crate) no_mempool: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Mine {
    /// How many blocks
    #[arg(value_name = "N", default_value = "1")]
    pub(crate) blocks: NonZero<u32>,
    /// Where the reward goes; otherwise anybody can spend it
    #[arg(long, conflicts_with = "script")]
    pub(crate) address: Option<bitcoin::Address<NetworkUnchecked>>,
    /// The same, as a script in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = script)]
    pub(crate) script: Option<ScriptBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Tx {
    /// The transaction's id
    #[arg(value_name = "TXID", value_parser = id)]
    pub(crate) id: [u8; 32],
    /// The id is one with witness (wtxid)
    #[arg(long)]
    pub(crate) witness: bool,
}

#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Rpc {
    /// The wallet, for methods of one
    #[arg(long, value_name = "NAME")]
    pub(crate) wallet: Option<String>,
    /// Arguments are `name=value`; those without a name go by their order
    #[arg(long)]
    pub(crate) named: bool,
    /// Options of bitcoin-cli, a method such as `getblockchaininfo`, its arguments; `rpc -help` lists the
    /// options
    #[arg(value_name = "BITCOIN-CLI'S", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<OsString>,
}

impl Rpc {
    /// All of it in bitcoin-cli's form.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let wallet = self.wallet.as_ref().map(|wallet| format!("-rpcwallet={wallet}").into());
        let named = self.named.then(|| "-named".into());
        wallet.into_iter().chain(named).chain(self.words.iter().cloned()).collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Echo {
    /// The text
    #[arg(default_value = "hello")]
    pub(crate) text: String,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// How long each of the four measurements takes
    #[arg(long, value_name = "S", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    /// How many calls are under way at once in the last two
    #[arg(long, value_name = "N", default_value = "16")]
    pub(crate) tasks: NonZero<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Top {
    /// The monitor's socket [default: monitor.sock beside the node's]
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// Print one table after a second, and end
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// How many blocks the chain has
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) blocks: u32,
    /// How many transactions the mempool has
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) transactions: u32,
    /// Mine a block every so many seconds; otherwise only `mine` does
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) every: Option<u64>,
    /// The socket [default: node.sock in regtest's directory, or what --connect says]
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
}

/// A value of the library, whose errors say what to write.
fn parsed<T: FromStr<Err = bitcoin_ipc::Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: bitcoin_ipc::Error| error.text().to_owned())
}

/// Somebody to trust.
fn trusted(text: &str) -> Result<String, String> {
    parsed::<Trust>(text).map(|_| text.to_owned())
}

/// A script in hexadecimal.
fn script(text: &str) -> Result<ScriptBuf, String> {
    ScriptBuf::from_hex(text).map_err(|error| error.to_string())
}

/// An id of 32 bytes, which is written from its end.
fn id(text: &str) -> Result<[u8; 32], String> {
    use bitcoin::hashes::Hash;
    let id: bitcoin::Txid = text.parse().map_err(|_| "an id has 64 hexadecimal digits".to_owned())?;
    Ok(id.to_byte_array())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn chains_have_short_forms() {
        let network = |line: &str| {
            let words = format!("bitcoin-ipc {line} info");
            Arguments::try_parse_from(words.split_whitespace()).map(|arguments| arguments.global.network())
        };
        assert_eq!(network("").expect("valid"), None);
        assert_eq!(network("--chain test").expect("valid"), Some(Network::Testnet));
        assert_eq!(network("--signet").expect("valid"), Some(Network::Signet));
        assert!(network("--regtest --chain main").is_err());
        assert!(network("--regtest --signet").is_err());
    }
}
