//! Calls a method of a node's JSON-RPC server, without futures and without HTTP (v32 or later).
//!
//! ```sh
//! cargo run -p bitcoin-ipc --example call_rpc -- regtest getblockhash 0
//! ```
//!
//! Arguments are JSON, or else texts; a text that is JSON too has quotes: `createwallet '"2024"'`. (The program
//! `bitcoin-ipc rpc` knows which arguments are texts.)

use bitcoin::Network;
use bitcoin_ipc::{ConnectOptions, RpcError, blocking};
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let network: Network = args.next().as_deref().unwrap_or("bitcoin").parse()?;
    let method = args.next().unwrap_or_else(|| "getblockchaininfo".into());
    let params = args.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    let params = Value::Array(params.collect());

    let options = ConnectOptions::new().network(network);
    let node = blocking::connect_with(options, "unix")?;
    match node.execute_rpc(&method, params, None) {
        Ok(result) => println!("{result:#}"),
        Err(RpcError::Rpc { code, message, .. }) => println!("{method} failed: {message} ({code})"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
