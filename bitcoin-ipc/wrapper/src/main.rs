//! The `bitcoin` program, the front door to the others.
//!
//! In: a command line. Out: another program in place of this one; or help, the version or an error.

mod command_line;
mod config;
mod exec;
mod words;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use bitcoin_init::Error;

use crate::command_line::{Command, CommandLine, Wish};
use crate::exec::{Call, Places};

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let own = args.next().unwrap_or_else(|| "bitcoin".into());
    let own = Path::new(&own);
    let name = own.file_name().unwrap_or("bitcoin".as_ref()).display().to_string();
    let (text, code) = match command_line::parse(args) {
        Ok(CommandLine { wish: Wish::Version, .. }) => (words::version(), ExitCode::SUCCESS),
        Ok(CommandLine { wish: Wish::Help, .. }) => (words::full_help(&name), ExitCode::SUCCESS),
        Ok(CommandLine { wish: Wish::Nothing, .. }) => (words::short_help(&name), ExitCode::FAILURE),
        Ok(CommandLine { wish: Wish::Run(command), multiprocess, args }) => {
            return complain(&run(command, multiprocess, args, own), &name);
        }
        Err(error) => return complain(&error, &name),
    };
    // Who closed the output does not want it.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
    code
}

fn complain(error: &Error, name: &str) -> ExitCode {
    eprintln!("Error: {error}\nTry '{name} --help' for more information.");
    ExitCode::FAILURE
}

/// Becomes the program for the command; an error says why that was not possible.
fn run(command: Command, multiprocess: Option<bool>, args: Vec<OsString>, own: &Path) -> Error {
    let several = || multiprocess.unwrap_or_else(|| config::wants_several_processes(&args));
    let call = match command {
        Command::Node if several() => Call::new("bitcoin-node", args),
        Command::Node => Call::new("bitcoind", args),
        Command::Gui if several() => Call::new("bitcoin-gui", args),
        Command::Gui => Call::new("bitcoin-qt", args),
        // Names in arguments cost those without names nothing. Both programs take the same options.
        Command::Rpc => {
            let args = [vec!["-named".into()], args].concat();
            let instead = Call::new("bitcoin-ipc", [vec!["rpc".into()], args.clone()].concat());
            Call::new("bitcoin-cli", args).or_else(instead)
        }
        Command::Wallet => Call::new("bitcoin-wallet", args),
        Command::Tx => Call::new("bitcoin-tx", args),
        Command::Util => Call::new("bitcoin-util", args),
        Command::Chainstate => Call::new("bitcoin-chainstate", args),
        Command::Bench => Call::new("bench_bitcoin", args),
        Command::Test => Call::new("test_bitcoin", args),
        Command::TestGui => Call::new("test_bitcoin-qt", args),
    };
    match Places::of(own) {
        Ok(places) => places.exec(call),
        Err(error) => error,
    }
}
