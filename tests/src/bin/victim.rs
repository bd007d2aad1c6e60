//! A server that hostile peers are set on, see `mp_tests::victim`.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use mp_runtime::{Error, EventLoop, Limits, Result, listen, listen_with};
use mp_tests::victim::{Served, Victim};

const USAGE: &str =
    "usage: victim SOCKET [connections=N] [process-threads=N] [idle-milliseconds=N] [descriptors=N]";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or_else(|| Error::failed(USAGE))?;
    let limits = arguments.map(|argument| limit(&argument)).collect::<Option<Vec<_>>>();
    let limits = limits.ok_or_else(|| Error::failed(USAGE))?;
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let event_loop = EventLoop::new("victim")?;
    let root = Arc::new(Served::default());
    let _server = if limits.is_empty() {
        listen::<dyn Victim>(&event_loop, path, root, None)?
    } else {
        let limits = limits.iter().fold(Limits::default(), |limits, set| set(limits));
        listen_with::<dyn Victim>(&event_loop, path, root, limits)?
    };
    println!("ready");
    std::io::stdout().flush()?;
    // The end of the one who started it is its own.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(())
}

type Set = Box<dyn Fn(Limits) -> Limits>;

fn limit(argument: &str) -> Option<Set> {
    let (name, value) = argument.split_once('=')?;
    let value: usize = value.parse().ok()?;
    Some(match name {
        "descriptors" => {
            let most = Some(value as u64);
            let most = rustix::process::Rlimit { current: most, maximum: most };
            rustix::process::setrlimit(rustix::process::Resource::Nofile, most).ok()?;
            Box::new(|limits: Limits| limits)
        }
        "connections" => Box::new(move |limits: Limits| limits.with_connections(value)),
        "process-threads" => Box::new(move |limits: Limits| limits.with_process_threads(value)),
        "idle-milliseconds" => {
            Box::new(move |limits: Limits| limits.with_idle_time(Some(Duration::from_millis(value as u64))))
        }
        _ => return None,
    })
}
