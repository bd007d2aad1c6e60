//! `bitcoin-gui`: a window on a node and its wallets, which are in other processes.

use std::process::ExitCode;

fn main() -> ExitCode {
    bitcoin_gui::program::main()
}
