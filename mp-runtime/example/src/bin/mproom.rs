//! One thread that serves a thousand connected peers, and is all of these peers as well.

use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use mp_example::room::{Hall, Member, Room};
use mp_example::start_log;
use mp_runtime::{Error, EventLoop, Remote, Result, connect_stream, ipc_interface, serve_stream};

const USAGE: &str = "\
Connects many peers to one room, over Unix sockets, all on one thread: every peer joins with an
object of its own, and what one says the room tells all of them.

Usage: mproom [PEERS [ROUNDS]]

  PEERS    How many peers join (1000).
  ROUNDS   How many of them say something, one after the other (10).";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "-h" || arg == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let number =
        |index: usize, default: usize| args.get(index).map_or(Ok(default), |arg| arg.parse::<usize>());
    let (Ok(peers @ 1..), Ok(rounds), true) = (number(0, 1000), number(1, 10), args.len() <= 2) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    start_log(false);
    match run(peers, rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mproom: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A peer's ear.
struct Ear(Arc<AtomicU64>);

#[ipc_interface]
impl Member for Ear {
    async fn hear(&self, _: u32, _: String) -> Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn run(peers: usize, rounds: usize) -> Result<()> {
    allow_descriptors(peers * 2 + 64)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (event_loop, driver) = EventLoop::with_driver("mproom");
    runtime.block_on(async {
        tokio::select! {
            () = driver => Err(Error::failed("the event loop ended early")),
            result = meet(&event_loop, peers, rounds) => result,
        }
    })
}

async fn meet(event_loop: &EventLoop, peers: usize, rounds: usize) -> Result<()> {
    let hall = Arc::new(Hall::default());
    let heard = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut rooms: Vec<Remote<dyn Room>> = Vec::with_capacity(peers);
    for _ in 0..peers {
        let (near, far) = UnixStream::pair()?;
        serve_stream::<dyn Room>(event_loop, far, hall.clone());
        rooms.push(connect_stream(event_loop, near));
    }
    let numbers = try_join_all(rooms.iter().map(|room| room.join(Arc::new(Ear(heard.clone()))))).await?;
    println!("{peers} peers joined in {:.1?}", started.elapsed());

    let started = Instant::now();
    for (room, number) in rooms.iter().zip(&numbers).cycle().take(rounds) {
        let count = room.say(*number, format!("hello from {number}")).await?;
        if count as usize != peers {
            return Err(Error::failed(format!("only {count} of {peers} members heard member {number}")));
        }
    }
    let elapsed = started.elapsed().max(Duration::from_micros(1));
    let heard = heard.load(Ordering::Relaxed);
    println!(
        "{heard} calls heard in {elapsed:.1?}: {:.0} per second, on {} threads in all",
        heard as f64 / elapsed.as_secs_f64(),
        threads()?,
    );
    Ok(())
}

/// The threads of this process.
fn threads() -> Result<usize> {
    Ok(std::fs::read_dir("/proc/self/task")?.count())
}

/// Raises the limit of open descriptors as far as the system lets us.
fn allow_descriptors(count: usize) -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let count = count as u64;
    if limit.current.is_none_or(|current| current >= count) {
        return Ok(());
    }
    if limit.maximum.is_some_and(|maximum| maximum < count) {
        let text = format!(
            "{count} descriptors are needed, the system allows {:?}; ask for fewer peers",
            limit.maximum
        );
        return Err(Error::failed(text));
    }
    limit.current = Some(count);
    setrlimit(Resource::Nofile, limit).map_err(|error| Error::failed(error.to_string()))
}
