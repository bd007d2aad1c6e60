//! A victim in a process of its own, seen from outside.
//!
//! In: the path of the program. Out: its socket, what the system says of its memory, threads and descriptors, and what
//! it has written.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mp_runtime::{EventLoop, Remote, connect, within};

use super::Victim;
use crate::peer::{PATIENCE, Peer};

/// A victim that runs.
#[derive(Debug)]
pub struct Process {
    child: Child,
    folder: tempfile::TempDir,
    healthy: Remote<dyn Victim>,
    /// What it needed before anybody did anything to it.
    before: Use,
}

/// What a process uses.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Use {
    /// Kibibytes, at the most since it was asked last.
    peak: u64,
    /// Kibibytes.
    resident: u64,
}

/// How much more a process uses than before.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// Mebibytes, at the most.
    pub peak: u64,
    /// Mebibytes, now.
    pub resident: u64,
    /// Threads.
    pub threads: usize,
    /// Open descriptors.
    pub descriptors: usize,
    /// Kibibytes of log.
    pub log: u64,
}

impl Process {
    /// Starts the victim, and connects a client to it that keeps to the rules.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let mut child = Command::new(program)
            .arg(folder.path().join("socket"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the victim");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        let event_loop = EventLoop::new("healthy").expect("an event loop");
        let healthy = connect(&event_loop, folder.path().join("socket")).expect("a connection");
        let mut process = Process { child, folder, healthy, before: Use { peak: 0, resident: 0 } };
        process.check();
        process.before = process.memory();
        process
    }

    /// The path of its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// A peer that may do what it likes.
    ///
    /// # Panics
    ///
    /// When the victim takes no connection.
    #[must_use]
    pub fn peer(&self) -> Peer {
        Peer::new(UnixStream::connect(self.socket()).expect("a connection"))
    }

    /// The client that keeps to the rules.
    #[must_use]
    pub fn healthy(&self) -> &Remote<dyn Victim> {
        &self.healthy
    }

    /// Whether the victim lives, serves its other client, and has not panicked.
    ///
    /// # Panics
    ///
    /// When it does not.
    #[track_caller]
    pub fn check(&mut self) {
        let ended = self.child.try_wait().expect("its state");
        assert_eq!(ended, None, "the victim has ended: {}", self.log());
        let answers = within(PATIENCE, || (self.healthy.hello(), self.healthy.on_thread(3)));
        assert_eq!(answers, (Ok(1), Ok(3)), "the other client was disturbed: {}", self.log());
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
    }

    /// What the victim has written.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("the log")
    }

    /// The processor time that it has used, in ticks of the system, of which there are a hundred in a second.
    ///
    /// # Panics
    ///
    /// When the system does not tell.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        let state = std::fs::read_to_string(self.file("stat")).expect("its state");
        // The name before may have blanks in it.
        let fields: Vec<&str> = state.rsplit(')').next().expect("fields").split_whitespace().collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(name)
    }

    fn count(&self, folder: &str) -> usize {
        std::fs::read_dir(self.file(folder)).expect("a list").count()
    }

    fn memory(&self) -> Use {
        let status = std::fs::read_to_string(self.file("status")).expect("its state");
        let line = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
            line.trim().trim_end_matches(" kB").parse().expect("a number")
        };
        Use { peak: line("VmHWM:"), resident: line("VmRSS:") }
    }

    /// How much more it uses than before anybody did anything to it.
    #[must_use]
    pub fn growth(&self) -> Growth {
        let now = self.memory();
        Growth {
            peak: now.peak.saturating_sub(self.before.resident) / 1024,
            resident: now.resident.saturating_sub(self.before.resident) / 1024,
            threads: self.count("task"),
            descriptors: self.count("fd"),
            log: self.log().len() as u64 / 1024,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
