//! The program: `bitcoin-gui`, and the window of one that has its node in itself.
//!
//! In: arguments, files and signals. Out: a node that was found or started, a window on it, and an exit code.

mod attach;
mod fonts;
mod hosted;
mod keep;
mod options;
mod prefs;
mod single;
mod spawn;
mod stay;
mod window;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bitcoin_init::arguments::{Arguments, Invocation, Program, parse};
use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::logging::{EarlyLog, LogOptions};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::{datadir, owner};
use bitcoin_ipc::interfaces::Node;
use bitcoin_ipc::monitor::serve_monitor;
use mp_runtime::monitor::CallCounts;
use mp_runtime::{EventLoop, sibling};

use crate::link::Around;
use crate::model::bip21::PaymentUri;
use crate::model::{Form, Session};
use attach::Attach;
use hosted::Hosted;
use options::Wish;
use spawn::Spawn;
use stay::Stay;
use window::Start;

type Failure = Box<dyn std::error::Error>;

/// What is added to the name of the log, which is the node's own otherwise.
const LOG_SUFFIX: &str = ".gui";

/// Says whether the connection to a node is gone. For a node of this process it never is.
type Gone = Arc<dyn Fn() -> bool + Send + Sync>;

/// A node that is there.
struct Opened {
    node: Arc<dyn Node>,
    gone: Gone,
    /// Its process, where it is another one of this machine.
    pid: Option<u32>,
    /// Starts it, once it is listened to. An error is for the user; an empty one has been told by the node.
    start: Option<Box<dyn FnOnce() -> Result<(), String> + Send>>,
    /// Waits until it is gone; gives what is known of the reason.
    wait: Box<dyn FnOnce() -> String + Send>,
    /// Ends it, or leaves it; gives the exit code.
    end: Box<dyn FnOnce() -> i32 + Send>,
    /// Ends it at once, if it does not end; for one that the window started.
    force: Option<Box<dyn Fn() + Send>>,
}

/// Why there is no node.
enum Missing {
    /// It may come.
    Later(String),
    /// It is not for this window, or there will be none.
    Never(String),
}

/// Where a node comes from.
trait NodeSource: Send {
    /// Looks for it or starts it; says what is done meanwhile.
    fn open(&mut self, step: &dyn Fn(&str)) -> Result<Opened, Missing>;

    /// The pause before it is looked for again; `None` if there is only the one.
    fn pause(&self) -> Option<Duration>;
}

/// Runs the window until it is closed. This is `main` of `bitcoin-gui`.
///
/// The exit code is that of the node if the window started it and 0 otherwise; it is 1 after an error, whose text
/// goes to standard error.
pub fn main() -> ExitCode {
    owner::keep_to_owner();
    finish(run())
}

/// Runs the window on a node of the same process until it is closed. This is `main` of a program of this name, which is
/// about this; `host` makes the node, once the arguments are known to be good.
///
/// The exit code is that of the node; it is 1 after an error, whose text goes to standard error.
pub fn main_hosting(
    name: &'static str,
    about: &'static str,
    host: impl FnOnce() -> mp_runtime::Result<Arc<dyn Node>>,
) -> ExitCode {
    owner::keep_to_owner();
    finish(run_hosting(options::hosting(name, about), host))
}

fn finish(ended: Result<ExitCode, Failure>) -> ExitCode {
    ended.unwrap_or_else(|error| {
        tracing::error!(target: "gui", "{error}");
        eprintln!("Error: {error}");
        ExitCode::FAILURE
    })
}

/// The arguments of an ordinary run; `None` if a text was wanted, which is printed.
fn arguments(program: &Program) -> Result<Option<Arguments>, Failure> {
    match parse(program, std::env::args_os())? {
        Invocation::Print(text) => {
            print!("{text}");
            Ok(None)
        }
        Invocation::Run(arguments) => Ok(Some(arguments)),
        _ => Err(format!("{} cannot be started in this way", program.name()).into()),
    }
}

fn run() -> Result<ExitCode, Failure> {
    let program = options::attaching();
    let early_log = EarlyLog::start()?;
    let Some(mut arguments) = arguments(&program)? else { return Ok(ExitCode::SUCCESS) };
    datadir::on_core(&mut arguments)?;
    let uris = arguments.positional.clone();
    let of_node = stay::arguments(&arguments.options, &options::own());
    let settings = options::load(program, arguments)?;
    let network_dir = datadir::prepare(&settings)?;
    if let Some(uri) = single_uri(&uris, &settings)?
        && single::hand_over(&single::socket(&network_dir), &uri)
    {
        return Ok(ExitCode::SUCCESS);
    }
    let log_options = LogOptions::new(&settings, LOG_SUFFIX, false)?;
    let _log = early_log.open(&log_options)?;
    tracing::info!(target: "gui", "Network {}.", settings.network());
    let shutdown = Shutdown::new();
    let _signals = shutdown.on_signals()?;
    let event_loop = EventLoop::new("bitcoin-gui")?;
    let counts = Arc::new(CallCounts::default());
    event_loop.set_monitor(counts.clone());
    // It has a loop of its own, whose calls do not count.
    let _monitor = match options::monitor(&settings, &network_dir) {
        Some(path) => Some(serve_monitor(&EventLoop::new("monitor")?, &path, counts.clone())?),
        None => None,
    };
    let trust = options::trust(&settings)?;
    let network = settings.network();
    let mut start = Start::new(shutdown, prefs::File::of(&settings)?);
    start.pay(uris, network)?;
    start.hear(single::socket(&network_dir), network);
    let logs = ["", ".wallet", LOG_SUFFIX].map(|suffix| network_dir.join(format!("debug.log{suffix}")));
    let own = Some(SharedSettings::new(settings.clone()));
    start.surround(Around { counts: Some(counts), logs: logs.into(), settings: own, ..Around::default() });
    for (number, wish) in (0..).zip(options::wishes(&settings, &network_dir)?) {
        let (name, place, form, source): (_, _, _, Box<dyn NodeSource>) = match wish {
            Wish::Attach(socket) => {
                let place = socket.display().to_string();
                let source = Attach::new(event_loop.clone(), socket, trust, network);
                (place.clone(), place, Form::Attached, Box::new(source))
            }
            Wish::Stay(socket) => {
                let place = socket.display().to_string();
                let attach = Attach::new(event_loop.clone(), socket.clone(), trust, network);
                let source = Stay::new(attach, socket, of_node.clone());
                (place.clone(), place, Form::Attached, Box::new(source))
            }
            Wish::Spawn => {
                let source = Spawn::new(event_loop.clone(), sibling("bitcoin-node")?, settings.clone());
                ("Own node".to_owned(), String::new(), Form::Spawned, Box::new(source))
            }
            Wish::OnCore => {
                let source = Spawn::new(event_loop.clone(), sibling("bitcoin-wallet")?, settings.clone());
                let place = settings.text("core", "");
                (place.clone(), place, Form::OnCore, Box::new(source))
            }
        };
        start.add(Session::new(number, name, place, form, network), source);
    }
    start.run()
}

/// The payment URI of the command line, if it is one.
fn single_uri(uris: &[String], settings: &Settings) -> Result<Option<String>, Failure> {
    match uris {
        [] => Ok(None),
        [uri] => {
            PaymentUri::read(uri, settings.network())?;
            Ok(Some(uri.clone()))
        }
        _ => Err("there is more than one payment URI".into()),
    }
}

fn run_hosting(
    program: Program,
    host: impl FnOnce() -> mp_runtime::Result<Arc<dyn Node>>,
) -> Result<ExitCode, Failure> {
    let Some(arguments) = arguments(&program)? else { return Ok(ExitCode::SUCCESS) };
    let uris = arguments.positional.clone();
    let settings = options::load(program, arguments)?;
    let network_dir = datadir::prepare(&settings)?;
    // The node opens the log, once it has its settings.
    let node = host()?;
    let shutdown = Shutdown::new();
    let _signals = shutdown.on_signals()?;
    let network = settings.network();
    let mut start = Start::new(shutdown, prefs::File::of(&settings)?);
    start.pay(uris, network)?;
    let session = Session::new(0, "Own node".to_owned(), String::new(), Form::Hosted, network);
    let (logs, own) = (vec![network_dir.join("debug.log")], SharedSettings::new(settings.clone()));
    start.add(session, Box::new(Hosted::new(node, settings)));
    start.surround(Around { logs, hosted: true, settings: Some(own), ..Around::default() });
    start.run()
}

/// Starts a node and ends it, as a window does with its own, for a test.
#[cfg(test)]
pub(crate) fn start_and_end(node: &dyn Node) -> Result<i32, String> {
    spawn::start(node, settings(&["-regtest", "-noconf", "-nosettings"]))?;
    Ok(spawn::end(node))
}

/// The settings of these arguments, for a test.
#[cfg(test)]
pub(crate) fn settings(args: &[&str]) -> Settings {
    let args = [&["bitcoin-gui"], args].concat();
    let Ok(Invocation::Run(arguments)) = parse(&options::attaching(), args) else { panic!("no run") };
    options::load(options::attaching(), arguments).expect("settings")
}

/// Finds a font with the letters of a language, for a test.
#[cfg(test)]
pub(crate) fn find_letters(language: crate::text::words::Language) -> Option<eframe::egui::FontInsert> {
    fonts::find(language)
}

/// Looks after a node that it starts, for a test.
#[cfg(test)]
pub(crate) fn start_one(held: &Arc<crate::link::Held>, program: std::path::PathBuf, args: &[&str]) {
    let event_loop = EventLoop::new("gui").expect("a thread");
    let settings = settings(args);
    datadir::prepare(&settings).expect("a folder");
    keep::run(held, Box::new(Spawn::new(event_loop, program, settings)));
}

/// Looks after a node that listens, for a test.
#[cfg(test)]
pub(crate) fn look_after(
    held: &Arc<crate::link::Held>,
    socket: std::path::PathBuf,
    network: bitcoin::Network,
) {
    let event_loop = EventLoop::new("gui").expect("a thread");
    let source = Attach::new(event_loop, socket, bitcoin_ipc::Trust::default(), network);
    keep::run(held, Box::new(source));
}
