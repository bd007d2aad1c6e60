//! `bitcoin-wallet`: wallets in a process of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    bitcoin_wallet::program::main()
}
