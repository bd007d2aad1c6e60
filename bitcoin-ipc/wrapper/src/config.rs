//! What the wrapper has to know of the settings that are another program's.
//!
//! In: that program's arguments, and the configuration file. Out: whether it takes several processes;
//! the network and the data directory.

use std::ffi::OsString;

use bitcoin_init::arguments::{
    Category, Form, Invocation, NETWORK_OPTIONS, OptionInfo, Program, SHARED_OPTIONS, parse,
};
use bitcoin_init::config::Settings;
use bitcoin_init::{Error, Result};

const IPC_OPTIONS: &[OptionInfo] = &[
    OptionInfo::new("ipcbind", Form::Text, Category::Ipc, ""),
    OptionInfo::new("ipcconnect", Form::Text, Category::Ipc, ""),
    OptionInfo::new("ipcfd", Form::Text, Category::Ipc, ""),
];

/// Of [`SHARED_OPTIONS`] those that say where the configuration is.
const PLACES: [&str; 3] = ["conf", "datadir", "includeconf"];

fn program() -> Program {
    Program::new("bitcoin", env!("CARGO_PKG_VERSION"), "")
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(IPC_OPTIONS)
}

/// The name of an option without dashes, `no` and value; none for other arguments.
fn option_name(arg: &str) -> Option<(&str, Option<&str>)> {
    let option = arg.strip_prefix('-')?;
    let option = option.strip_prefix('-').unwrap_or(option);
    let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
    (!name.is_empty()).then_some((name, value))
}

/// Whether the option is one of these that count here, negated or not.
fn counts(name: &str) -> bool {
    let known = |name: &str| {
        PLACES.contains(&name)
            || [NETWORK_OPTIONS, IPC_OPTIONS].into_iter().flatten().any(|option| option.name() == name)
    };
    known(name) || name.strip_prefix("no").is_some_and(known)
}

/// Reads the configuration by those of the arguments that count here; the rest is the program's.
fn load(args: &[OsString]) -> Result<Settings> {
    let options = args.iter().map_while(|arg| Some((arg, option_name(arg.to_str()?)?)));
    let options = options.filter(|(_, (name, _))| counts(name)).map(|(arg, _)| arg.clone());
    // The program's own file of settings stays closed, in case it is writing it.
    let all = ["bitcoin".into(), "-nosettings".into()].into_iter().chain(options);
    match parse(&program(), all)? {
        Invocation::Run(arguments) => Settings::load(&program(), arguments),
        _ => Err(Error::new("these arguments are not those of an ordinary run")),
    }
}

/// Whether the program has to be one that can take an `-ipc` option. Mistakes are for that program to
/// report; here they are warnings.
pub(crate) fn wants_several_processes(args: &[OsString]) -> bool {
    let ipc = |name: &str| IPC_OPTIONS.iter().any(|option| option.name() == name);
    let given = args.iter().map_while(|arg| option_name(arg.to_str()?));
    if given.into_iter().any(|(name, _)| ipc(name) || name.strip_prefix("no").is_some_and(ipc)) {
        return true;
    }
    match load(args) {
        Ok(settings) => IPC_OPTIONS.iter().any(|option| settings.is_set(option.name())),
        Err(error) => {
            eprintln!("Warning: cannot tell by the settings whether to start several processes: {error}");
            false
        }
    }
}
