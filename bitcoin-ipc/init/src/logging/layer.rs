//! Events to lines.
//!
//! In: `tracing` events. Out: a [`Line`] each, in Bitcoin Core's form; what would break a line or a
//! terminal is written as `\x0a`.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::categories::category;
use super::sink::{Line, Sink};
use crate::time;

/// A layer that writes a log as Bitcoin Core does. What it does not want costs nothing, because it
/// turns it off for the whole subscriber.
#[derive(Debug)]
pub struct LogLayer {
    pub(super) sink: Arc<Sink>,
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.sink.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.sink.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.sink.most()))
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut thread = String::new();
        push(&mut thread, format_args!("{}", std::thread::current().name().unwrap_or("unnamed")));
        let mut text = String::new();
        prefix(&mut text, event.metadata());
        let mut fields = Fields { message: String::new(), others: String::new() };
        event.record(&mut fields);
        let Fields { message, others } = fields;
        text.push_str(if message.is_empty() { others.trim_start() } else { &message });
        if !message.is_empty() {
            text.push_str(&others);
        }
        let metadata = event.metadata();
        let (level, category) = (*metadata.level(), category(metadata.target()));
        self.sink.write(Line { level, category, micros: time::now(), thread, text });
    }
}

/// As in Bitcoin Core, a line of no category at info begins with its text.
fn prefix(line: &mut String, metadata: &Metadata<'_>) {
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    match category(metadata.target()) {
        Some(category) => push(line, format_args!("[{category}:{level}] ")),
        None if level == "info" => {}
        None => push(line, format_args!("[{level}] ")),
    }
}

struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            push(&mut self.message, format_args!("{value}"));
        } else {
            push(&mut self.others, format_args!(" {}={value}", field.name()));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            push(&mut self.message, format_args!("{value:?}"));
        } else {
            push(&mut self.others, format_args!(" {}={value:?}", field.name()));
        }
    }
}

/// Adds a text, in which control characters become visible.
fn push(out: &mut String, text: fmt::Arguments<'_>) {
    struct Visible<'a>(&'a mut String);
    impl fmt::Write for Visible<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for character in text.chars() {
                if character.is_control() {
                    write!(self.0, "\\x{:02x}", u32::from(character))?;
                } else {
                    self.0.push(character);
                }
            }
            Ok(())
        }
    }
    // Only a value's own formatting can fail; then the line has what came before.
    let _ = Visible(out).write_fmt(text);
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use crate::arguments::{Invocation, LOG_OPTIONS, NETWORK_OPTIONS, Program, SHARED_OPTIONS, parse};
    use crate::config::Settings;
    use crate::logging::{Log, LogOptions};
    use crate::time;

    fn options(dir: &std::path::Path, args: &[&str]) -> LogOptions {
        let program = Program::new("bitcoin-wallet", "1", "A wallet.");
        let program = program.options(SHARED_OPTIONS).options(NETWORK_OPTIONS).options(LOG_OPTIONS);
        let datadir = format!("-datadir={}", dir.display());
        let args = ["bitcoin-wallet", &datadir].into_iter().chain(args.iter().copied());
        let Ok(Invocation::Run(arguments)) = parse(&program, args) else { panic!("good arguments") };
        let settings = Settings::load(&program, arguments).expect("good settings");
        LogOptions::new(&settings, ".wallet", false).expect("good options")
    }

    fn lines(args: &[&str], log: impl FnOnce()) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a directory");
        let (_log, layer) = Log::open(&options(dir.path(), args)).expect("a log");
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let text = std::fs::read_to_string(dir.path().join("debug.log.wallet")).expect("the log");
        let line = |line: &str| {
            let (_, length) = time::parse(line.as_bytes()).expect("a time");
            assert_eq!(length, 27);
            line[length + 1..].to_owned()
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn lines_look_like_bitcoin_core_s() {
        let lines = lines(&["-debug=ipc", "-loglevel=ipc:trace"], || {
            tracing::debug!(target: "ipc", connection = 3, call = 9, "IPC client send {}", "Init.makeNode");
            tracing::trace!(target: "ipc", "send data");
            tracing::debug!(target: "wallet", "not wanted");
            tracing::info!(target: "wallet", name = "a b", path = ?"x\ny", "loaded\nnow \x1b[0m");
            tracing::info!("started");
            tracing::warn!(left = 1);
        });
        let expected = [
            "[ipc:debug] IPC client send Init.makeNode connection=3 call=9",
            "[ipc:trace] send data",
            "[wallet:info] loaded\\x0anow \\x1b[0m name=a b path=\"x\\ny\"",
            "started",
            "[warning] left=1",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn threads_are_named() {
        let work = || {
            std::thread::Builder::new()
                .name("schedqueue".to_owned())
                .spawn(|| lines(&["-logthreadnames"], || tracing::info!(target: "node", "x")))
        };
        let lines = work().expect("a thread").join().expect("its lines");
        assert_eq!(lines, ["[schedqueue] [node:info] x"]);
    }

    #[test]
    fn files_by_the_options() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = |args: &[&str]| options(dir.path(), args).file().map(std::path::Path::to_owned);
        assert_eq!(file(&["-regtest"]), Some(dir.path().join("regtest/debug.log.wallet")));
        assert_eq!(file(&["-debuglogfile=/var/x.log"]), Some("/var/x.log.wallet".into()));
        assert_eq!(file(&["-debuglogfile=/dev/null"]), Some("/dev/null".into()));
        assert_eq!(file(&["-nodebuglogfile"]), None);
        let error = Log::open(&options(dir.path(), &["-debuglogfile=none/x"])).expect_err("no directory");
        assert!(error.text().contains("give another with -debuglogfile"), "{error}");
    }
}
