//! Signs of life while something takes long.
//!
//! In: a future. Out: its result, and meanwhile a spinner, if it takes long and stderr is a terminal.

use std::io::IsTerminal;
use std::pin::pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// What takes longer than this gets a spinner.
const PATIENCE: Duration = Duration::from_millis(500);

/// Awaits a future, and says what for if that takes long.
pub(crate) async fn waiting<T>(what: &'static str, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    if !std::io::stderr().is_terminal() || log_is_on() {
        return future.await;
    }
    if let Ok(done) = tokio::time::timeout(PATIENCE, &mut future).await {
        return done;
    }
    // It goes away when it is dropped, as it is on Ctrl-C.
    let spinner = ProgressBar::new_spinner().with_message(what).with_finish(ProgressFinish::AndClear);
    spinner.enable_steady_tick(Duration::from_millis(100));
    future.await
}

/// A bar for so many steps; none for one step, or where nobody looks.
pub(crate) fn progress_bar(steps: u64) -> ProgressBar {
    if steps < 2 || !std::io::stderr().is_terminal() || log_is_on() {
        return ProgressBar::hidden();
    }
    let progress = ProgressBar::new(steps).with_finish(ProgressFinish::AndClear);
    match ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}") {
        Ok(style) => progress.with_style(style),
        Err(_) => progress,
    }
}

/// Lines of the log and a spinner do not go together.
fn log_is_on() -> bool {
    tracing_subscriber::filter::LevelFilter::current() != tracing_subscriber::filter::LevelFilter::OFF
}
