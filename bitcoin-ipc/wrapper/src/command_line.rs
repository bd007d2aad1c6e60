//! The wrapper's own command line.
//!
//! In: the arguments. Out: the command with what follows it, which is for its program.

use std::ffi::OsString;

use bitcoin_init::{Error, Result};

/// The programs that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Node,
    Wallet,
    Rpc,
    Gui,
    Tx,
    Util,
    Chainstate,
    Bench,
    Test,
    TestGui,
}

const COMMANDS: [(&str, Command); 10] = [
    ("node", Command::Node),
    ("wallet", Command::Wallet),
    ("rpc", Command::Rpc),
    ("gui", Command::Gui),
    ("tx", Command::Tx),
    ("util", Command::Util),
    ("chainstate", Command::Chainstate),
    ("bench", Command::Bench),
    ("test", Command::Test),
    ("test-gui", Command::TestGui),
];

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// No command at all.
    Nothing,
    Version,
    Help,
    Run(Command),
}

/// A command line that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    pub(crate) wish: Wish,
    /// With `-m` true, with `-M` false.
    pub(crate) multiprocess: Option<bool>,
    /// What follows the command.
    pub(crate) args: Vec<OsString>,
}

/// Reads the arguments after the program's name. Options count up to the command, the last of -m and
/// -M.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<CommandLine> {
    let mut args = args.into_iter();
    let (mut multiprocess, mut version, mut help) = (None, false, false);
    let mut command = None;
    while command.is_none()
        && let Some(arg) = args.next()
    {
        match arg.to_str() {
            Some("-m" | "--multiprocess") => multiprocess = Some(true),
            Some("-M" | "--monolithic") => multiprocess = Some(false),
            Some("-v" | "--version") => version = true,
            Some("-h" | "--help" | "help") => help = true,
            Some("") => {}
            _ if arg.as_encoded_bytes().starts_with(b"-") => {
                return Err(Error::new(format!("Unknown option: {}", arg.display())));
            }
            _ => command = Some(arg),
        }
    }
    let wish = match command {
        _ if version => Wish::Version,
        _ if help => Wish::Help,
        None => Wish::Nothing,
        Some(name) => Wish::Run(find(&name)?),
    };
    Ok(CommandLine { wish, multiprocess, args: args.collect() })
}

fn find(name: &OsString) -> Result<Command> {
    let name = name.to_string_lossy();
    if let Some((_, command)) = COMMANDS.iter().find(|(known, _)| *known == name) {
        return Ok(*command);
    }
    let near = COMMANDS.iter().map(|(known, _)| (strsim::damerau_levenshtein(known, &name), known));
    let hint = match near.min() {
        Some((distance, known)) if distance <= 1 + known.len() / 4 => format!("; did you mean '{known}'?"),
        _ => String::new(),
    };
    Err(Error::new(format!("Unrecognized command: '{name}'{hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<CommandLine> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn options_stand_before_the_command() {
        for (line, wish, multiprocess, args) in [
            ("", Wish::Nothing, None, &[][..]),
            ("-m node", Wish::Run(Command::Node), Some(true), &[]),
            ("--multiprocess -M rpc -m x", Wish::Run(Command::Rpc), Some(false), &["-m", "x"]),
            ("wallet --help", Wish::Run(Command::Wallet), None, &["--help"]),
            ("--monolithic", Wish::Nothing, Some(false), &[]),
            ("help node", Wish::Help, None, &[]),
            ("-h -v", Wish::Version, None, &[]),
            ("-v nonsense", Wish::Version, None, &[]),
            ("test-gui", Wish::Run(Command::TestGui), None, &[]),
        ] {
            let args = args.iter().map(OsString::from).collect();
            assert_eq!(read(line), Ok(CommandLine { wish, multiprocess, args }), "{line}");
        }
    }

    #[test]
    fn mistakes_name_what_is_near() {
        for (line, text) in [
            ("nod -regtest", "Unrecognized command: 'nod'; did you mean 'node'?"),
            ("wlalet", "Unrecognized command: 'wlalet'; did you mean 'wallet'?"),
            ("getblockcount", "Unrecognized command: 'getblockcount'"),
            ("-regtest node", "Unknown option: -regtest"),
        ] {
            assert_eq!(read(line).expect_err("a mistake").text(), text);
        }
    }
}
