//! `combine-logs`: the logs of several processes as one.

use std::fs::File;
use std::io::{BufReader, Write};

use bitcoin_ipc_cli::combine_logs::{CombineOptions, Input, combine, style};

use crate::arguments::CombineLogs;
use crate::failure::Failure;

/// Prints the lines of all logs by time, and says on stderr what was found.
pub(crate) fn run(command: &CombineLogs) -> Result<(), Failure> {
    let mut inputs = Vec::new();
    for (index, log) in command.logs.iter().enumerate() {
        let file = File::open(&log.path).map_err(|error| {
            Failure::other(
                format!("cannot read {}: {error}", log.path.display()),
                "name the logs that are there, such as debug.log and debug.log.wallet",
            )
        })?;
        inputs.push(Input::new(&log.name, BufReader::new(file)).style(style(index, false)));
    }
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let mut options = CombineOptions::default();
    options.colour = out.current_choice() != anstream::ColorChoice::Never;
    options.pair = command.pair;
    options.follow = command.follow.clone();
    let summary = match combine(inputs, &options, &mut out) {
        Ok(summary) => summary,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Err(Failure::OutputClosed),
        Err(error) => {
            return Err(Failure::other(
                format!("the logs cannot be combined: {error}"),
                "see that the disk is well and that nothing else cuts the files while they are read",
            ));
        }
    };
    if command.pair || command.follow.is_some() {
        let line = format!(
            "{} lines; {} calls seen on both sides, {} on one, {} without an answer",
            summary.lines, summary.paired, summary.unpaired, summary.unanswered
        );
        // Nobody to tell when stderr is closed.
        let _ = writeln!(anstream::stderr(), "{line}");
    }
    Ok(())
}
