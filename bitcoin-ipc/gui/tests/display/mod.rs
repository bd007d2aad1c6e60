//! Programs with windows on a display in memory.
//!
//! In: Xvfb, and where there is one a bus of messages on which screen readers ask. Out: processes that are killed when
//! dropped, what is drawn, and the tree that a screen reader gets.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod reader;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a test waits for what has to come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
#[track_caller]
pub fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < until, "it did not come: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that is killed when dropped.
pub struct Process(pub Child);

impl Process {
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("its end", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// A number of its state, such as `VmRSS` in kilobytes.
    pub fn number(&self, name: &str) -> u64 {
        number(self.pid(), name)
    }

    /// How many things of a kind it has: `fd` or `task`.
    pub fn count(&self, of: &str) -> usize {
        std::fs::read_dir(format!("/proc/{}/{of}", self.0.id())).map(Iterator::count).unwrap_or_default()
    }
}

/// A number of a process's state, such as `VmRSS` in kilobytes.
pub fn number(pid: Pid, name: &str) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or("0");
    line.split_whitespace().next().unwrap_or("0").parse().unwrap()
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A display in memory, and what is drawn on it.
pub struct Display {
    _server: Process,
    pub name: String,
    folder: TempDir,
}

impl Display {
    pub fn start() -> Option<Display> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-fbdir"]);
        command.arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
        let Ok(mut server) = command.spawn() else {
            eprintln!("SKIPPED: no Xvfb");
            return None;
        };
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let name = format!(":{}", number.trim());
        Some(Display { _server: Process(server), name, folder })
    }

    /// What is on the screen: its width, and red, green and blue of each pixel.
    pub fn pixels(&self) -> (usize, Vec<[u8; 3]>) {
        let file = std::fs::read(self.folder.path().join("Xvfb_screen0")).unwrap_or_default();
        let number = |place: usize| {
            let bytes = file.get(4 * place..4 * place + 4).unwrap_or(&[0; 4]);
            u32::from_be_bytes(bytes.try_into().unwrap()) as usize
        };
        // The header of an XWD file: its size, and how many colours follow it, of twelve bytes each.
        let begin = number(0) + 12 * number(19);
        let pixels = file.get(begin..).unwrap_or_default();
        let pixels = pixels.chunks_exact(4).map(|pixel| [pixel[2], pixel[1], pixel[0]]);
        (number(4), pixels.collect())
    }

    /// How many colours the screen has.
    pub fn colours(&self) -> usize {
        self.pixels().1.into_iter().collect::<std::collections::HashSet<_>>().len()
    }

    /// Keeps a picture of the screen where `GUI_SCREENS` says, for whoever wants to look at it.
    pub fn keep(&self, name: &str) {
        let Some(folder) = std::env::var_os("GUI_SCREENS") else { return };
        let (width, pixels) = self.pixels();
        let height = pixels.len() / width.max(1);
        let file = std::fs::File::create(Path::new(&folder).join(format!("{name}.png"))).unwrap();
        let mut encoder =
            png::Encoder::new(file, u32::try_from(width).unwrap(), u32::try_from(height).unwrap());
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        let bytes: Vec<u8> = pixels[..width * height].iter().flatten().copied().collect();
        writer.write_image_data(&bytes).unwrap();
    }

    /// A program with a window on this display.
    pub fn program(&self, program: &Path, datadir: &Path, args: &[&str]) -> Process {
        Process(self.command(program, datadir, args).spawn().unwrap())
    }

    /// The same, not started yet.
    pub fn command(&self, program: &Path, datadir: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.name)
            .env("LC_ALL", "C")
            .env_remove("WAYLAND_DISPLAY")
            // No message goes to the bus of whoever runs this.
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            // An ordinary build does not know it.
            .env("EGUI_INSPECTION", "1")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("GALLIUM_DRIVER", "llvmpipe")
            .arg(format!("-datadir={}", datadir.display()))
            .arg("-regtest")
            .args(args)
            .stdin(Stdio::null());
        command
    }
}

/// The folder of a program, if all of these are there as well.
pub fn folder_of(program: &str, others: &[&str]) -> Option<PathBuf> {
    let folder = Path::new(program).parent().unwrap().to_owned();
    let missing: Vec<&&str> = others.iter().filter(|name| !folder.join(name).exists()).collect();
    if !missing.is_empty() {
        eprintln!("SKIPPED: no {missing:?} in {}", folder.display());
        return None;
    }
    Some(folder)
}

/// All processes below another one.
pub fn children(of: Pid) -> Vec<Pid> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", of.as_raw_nonzero()));
    let children = tasks.into_iter().flatten().flatten();
    let children: Vec<String> =
        children.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok()).collect();
    let pids = children.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok());
    pids.filter_map(Pid::from_raw).collect()
}

/// The process of this name below another one.
pub fn child(of: Pid, name: &str) -> Option<Pid> {
    children(of).into_iter().find(|pid| {
        let found = std::fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero()));
        found.is_ok_and(|found| found.trim() == name)
    })
}

pub fn runs(pid: Pid) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    state
        .rsplit(')')
        .next()
        .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
}

pub fn log(datadir: &Path) -> String {
    std::fs::read_to_string(datadir.join("regtest/debug.log")).unwrap_or_default()
}

/// The log of the window.
pub fn gui_log(datadir: &Path) -> String {
    std::fs::read_to_string(datadir.join("regtest/debug.log.gui")).unwrap_or_default()
}
