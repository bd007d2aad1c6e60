//! `rpc`: any method of the node's RPC server, by the command line of bitcoin-cli.
//!
//! In: options, a method, its arguments; more of these from standard input. Out: results and errors in the
//! form, and with the exit codes, of bitcoin-cli.

mod caller;
mod get_info;
mod input;
mod net_info;
pub(crate) mod options;
mod print;

use bitcoin_init::config::Settings;
use bitcoin_ipc::types::Json;
use bitcoin_rpc::conversion::{Style, Table};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::node::Node;
use crate::output::{Output, write};
use caller::Caller;
use options::{Options, Overview};

/// Methods whose arguments are not to be seen.
const SECRET: [&str; 7] = [
    "createwallet",
    "encryptwallet",
    "migratewallet",
    "signmessagewithprivkey",
    "signrawtransactionwithkey",
    "walletpassphrase",
    "walletpassphrasechange",
];

/// Calls a method and prints its result.
pub(crate) async fn run(
    settings: &Settings,
    words: &[String],
    node: &Node,
    output: Output,
) -> Result<(), Failure> {
    let options = Options::new(settings)?;
    let output = Output { json: output.json || options.json };
    let words = read_words(&options, words).await?;
    let caller = Caller::new(node, &options);
    let wallet = options.wallet.as_deref();
    let result = match options.overview {
        None => call(&caller, &options, &words).await?,
        Some(Overview::AddrInfo) => addr_info(&caller, &words).await?,
        Some(Overview::Generate) => generate(&caller, wallet, words).await?,
        Some(Overview::GetInfo) => {
            let info = get_info::GetInfo::ask(&caller, wallet, &words).await?;
            if output.json { info.json() } else { Value::from(info.human(&options.color)?) }
        }
        Some(Overview::NetInfo) => Value::from(net_info::run(&caller, settings.network(), &words).await?),
    };
    if output.json {
        return output.line(result);
    }
    print::result(&result).map_or(Ok(()), |text| write(&format!("{text}\n")))
}

/// The words of the command line, with those of standard input.
async fn read_words(options: &Options, words: &[String]) -> Result<Vec<String>, Failure> {
    let mut words = words.to_vec();
    let method = words.first().cloned().unwrap_or_default();
    let none = |option: &str| {
        Failure::plain(format!("error: -{option} specified but failed to read from standard input"))
    };
    if options.stdin_password {
        input::secret("RPC password> ").await?.ok_or_else(|| none("stdinrpcpass"))?;
    }
    if options.stdin_passphrase {
        if !method.starts_with("walletpassphrase") {
            return Err(Failure::plain(
                "error: -stdinwalletpassphrase is only applicable for walletpassphrase(change)",
            ));
        }
        let passphrase = input::secret("Wallet passphrase> ").await?;
        words.insert(1, passphrase.ok_or_else(|| none("stdinwalletpassphrase"))?);
    }
    if options.stdin {
        words.extend(input::lines(SECRET.contains(&method.as_str())).await?);
    }
    Ok(words)
}

async fn call(caller: &Caller<'_>, options: &Options, words: &[String]) -> Result<Value, Failure> {
    let Some((method, words)) = words.split_first() else {
        return Err(Failure::plain("error: too few parameters (need at least command)"));
    };
    let read = |table: &Table| {
        table.read(method, words, options.style).map_err(|error| Failure::plain(format!("error: {error}")))
    };
    let mut parameters = read(Table::of_core())?;
    if !parameters.known {
        // A node that does not say more makes no difference.
        let more = caller.call("help", json!(["dump_all_command_conversions"]), None).await;
        if let Ok(more) = more? {
            parameters = read(&Table::of_core().with(&more))?;
        }
    }
    caller.call(method, parameters.json, options.wallet.as_deref()).await?
}

/// How many addresses the node knows.
async fn addr_info(caller: &Caller<'_>, words: &[String]) -> Result<Value, Failure> {
    if !words.is_empty() {
        return Err(Failure::plain("error: -addrinfo takes no arguments"));
    }
    let known = caller.call("getaddrmaninfo", json!([]), None).await??;
    let networks = known.as_object().into_iter().flatten();
    let addresses = networks.map(|(network, counts)| {
        let name = if network == "all_networks" { "total" } else { network };
        (name.to_owned(), counts["total"].clone())
    });
    Ok(json!({ "addresses_known": addresses.collect::<serde_json::Map<_, _>>() }))
}

/// Makes blocks that pay to a new address.
async fn generate(
    caller: &Caller<'_>,
    wallet: Option<&str>,
    mut words: Vec<String>,
) -> Result<Value, Failure> {
    if words.len() > 2 {
        return Err(Failure::plain("error: too many arguments (maximum 2 for nblocks and maxtries)"));
    }
    if words.first().is_some_and(|count| count == "0") {
        return Err(Failure::plain(
            "error: the first argument (number of blocks to generate, default: 1) must be an integer value \
             greater than zero",
        ));
    }
    if words.is_empty() {
        words.push("1".to_owned());
    }
    let address = caller.call("getnewaddress", json!([]), wallet).await??;
    words.insert(1, address.as_str().unwrap_or_default().to_owned());
    let parameters = Table::of_core().read("generatetoaddress", &words, Style::Positional);
    let Json::Array(list) = parameters.map_err(|error| Failure::plain(format!("error: {error}")))?.json
    else {
        return Err(Failure::plain("error: the arguments are no list"));
    };
    let blocks = caller.call("generatetoaddress", Json::Array(list), wallet).await??;
    Ok(json!({ "address": address, "blocks": blocks }))
}
