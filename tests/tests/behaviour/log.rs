//! What the log shows, and what it must not.

use std::io::Write;
use std::sync::{Arc, Mutex};

use mp_runtime::{EventLoop, pair};
use tracing_subscriber::fmt::MakeWriter;

use super::work::{Work, Worker, until};

/// Collects the log. The event loops have their own threads, so this listens to all of them; the
/// interface's name tells this test's lines from those of others.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Lines;

    fn make_writer(&'w self) -> Lines {
        self.clone()
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// All in one test: the log of a process can be redirected once.
#[test]
fn the_log_shows_calls_at_debug_values_at_trace_and_secrets_never() {
    let lines = Lines::default();
    tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).with_env_filter("ipc=trace").init();
    let event_loop = EventLoop::new("log").unwrap();
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    let (work, served) = pair::<dyn Work>(&event_loop, worker.clone());
    assert_eq!(work.unlock("hot wallet".into(), "correct horse".into()), Ok(true));
    assert_eq!(work.pass_gate(77), Ok(77));
    assert_eq!(work.unlock("long ".repeat(200), String::new()), Ok(false));
    assert!(work.make(false).is_err());
    let kept = work.make(true).unwrap();

    let text = lines.text();
    for line in [
        "DEBUG ipc: IPC client send Work.unlock connection=",
        "DEBUG ipc: IPC server recv request Work.unlock connection=",
        "DEBUG ipc: IPC server send response Work.unlock connection=",
        "DEBUG ipc: IPC client recv Work.unlock connection=",
        "TRACE ipc: send data: Work.unlock (name = \"hot wallet\", passphrase = <secret>)",
        "TRACE ipc: request data: Work.unlock (name = \"hot wallet\", passphrase = <secret>)",
        "TRACE ipc: send data: Work.passGate (number = 77)",
        "TRACE ipc: recv data: Work.passGate (result = 77)",
        "INFO ipc: IPC server error request Work.make",
        "INFO ipc: IPC client exception Work.make",
        "out of parts",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
    for call in text.lines().filter(|line| line.contains("Work.unlock connection=")) {
        assert!(call.contains(" call=") && call.contains(" bytes="), "{call}");
        let answered = call.contains("recv Work") || call.contains("send response");
        assert_eq!(call.contains(" micros="), answered, "{call}");
    }

    let cut = |line: &&str| line.contains("(name = \"long long") && line.contains("...");
    let long = text.lines().find(cut).unwrap_or_else(|| panic!("no value is cut in\n{text}"));
    assert!(long.len() < 400, "{long}");

    // A peer that leaves without a word about its objects.
    served.close();
    until(|| lines.text().contains("INFO ipc: IPC connection closed"));
    until(|| {
        lines.text().contains(
            "INFO ipc: IPC server object dropped that its peer has not destroyed interface=\"Part\"",
        )
    });
    drop(kept);
    assert!(!lines.text().contains("correct horse"), "{}", lines.text());
}
