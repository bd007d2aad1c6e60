//! The logs of several processes as one.
//!
//! In: log files, each with the name of its process. Out: their lines by time, on request with each
//! IPC request and its response connected across processes, or only what belongs to one call.
//!
//! Nothing is held but one line of each file and the calls that are not answered yet.

mod call;
mod merge;
mod pair;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Write};

use anstyle::{AnsiColor, Style};

pub use call::Follow;

use call::CallLine;
use merge::{Line, Merge};
use pair::{Pairs, Role};

/// One log.
pub struct Input<'a> {
    name: String,
    style: Style,
    reader: Box<dyn BufRead + 'a>,
}

impl<'a> Input<'a> {
    /// A log, whose lines are shown under a name such as `node0` or `wall0`.
    pub fn new(name: impl Into<String>, reader: impl BufRead + 'a) -> Self {
        Input { name: name.into(), style: Style::new(), reader: Box::new(reader) }
    }

    /// How its lines are shown where colours are; the default is without.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("name", &self.name).field("style", &self.style).finish_non_exhaustive()
    }
}

/// A colour for the node with this number, counted from 0, and for its children in bold.
#[must_use]
pub fn style(node: usize, child: bool) -> Style {
    const COLOURS: [AnsiColor; 6] = [
        AnsiColor::Cyan,
        AnsiColor::Green,
        AnsiColor::Magenta,
        AnsiColor::Yellow,
        AnsiColor::Blue,
        AnsiColor::Red,
    ];
    let style = COLOURS[node % COLOURS.len()].on_default();
    if child { style.bold() } else { style }
}

/// How logs are combined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CombineOptions {
    /// Show each process in its style.
    pub colour: bool,
    /// Add to the lines of IPC calls which call they belong to, as `{Node.getBestBlock#3}`, and to
    /// the last how long it took.
    pub pair: bool,
    /// Show only one call: its lines, the calls that began while it ran in the processes that take part,
    /// which those calls bring others into, and what else these log meanwhile. Calls are paired then, too.
    pub follow: Option<Follow>,
}

/// What was combined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The lines read.
    pub lines: u64,
    /// The lines written.
    pub shown: u64,
    /// Calls that were seen at the client and at the server.
    pub paired: u64,
    /// Calls that were seen on one side only.
    pub unpaired: u64,
    /// Calls whose end nobody logged; they are among the others too.
    pub unanswered: u64,
}

/// Writes the lines of all logs by time. Lines of the same time keep the order of the logs, a line
/// without a time stays with the one before it, and no log's own order changes.
///
/// Requests are paired by method and by their order in time. A connection of a server, once paired,
/// belongs to one connection of a client; where several clients begin with the same method at
/// the same moment, that can be the wrong one.
///
/// # Errors
///
/// When a log cannot be read or the output not be written.
pub fn combine(inputs: Vec<Input<'_>>, options: &CombineOptions, out: &mut dyn Write) -> io::Result<Summary> {
    let width = inputs.iter().map(|input| input.name.chars().count()).max().unwrap_or(0);
    let (heads, readers): (Vec<(String, Style)>, Vec<_>) =
        inputs.into_iter().map(|input| ((input.name, input.style), input.reader)).unzip();
    let mut summary = Summary::default();
    let mut pairs = Pairs::default();
    let mut view = options.follow.as_ref().map(View::new);
    for line in Merge::new(readers)? {
        let line = line?;
        summary.lines += 1;
        let role = if options.pair || view.is_some() {
            line.start
                .then(|| CallLine::parse(&line.text))
                .flatten()
                .and_then(|call| pairs.take(&line, &call))
        } else {
            None
        };
        if let Some(view) = &mut view
            && !view.shows(&line, role.as_ref())
        {
            continue;
        }
        summary.shown += 1;
        let (name, style) = &heads[line.input];
        let style = if options.colour { *style } else { Style::new() };
        write!(out, "{style}{name:width$} {}", line.text)?;
        if let Some(role) = &role {
            write!(out, " {role}")?;
        }
        writeln!(out, "{style:#}")?;
    }
    out.flush()?;
    pairs.finish(&mut summary);
    Ok(summary)
}

/// What is shown of one call.
struct View<'a> {
    follow: &'a Follow,
    /// The call, from its first line on.
    call: Option<u64>,
    /// The calls of it that have not ended.
    caused: BTreeSet<u64>,
    /// The processes that take part.
    inputs: BTreeSet<usize>,
    ended: bool,
    /// What was decided for the last line of each log, for those without a time that follow it.
    last: BTreeMap<usize, bool>,
}

impl<'a> View<'a> {
    fn new(follow: &'a Follow) -> Self {
        View {
            follow,
            call: None,
            caused: BTreeSet::new(),
            inputs: BTreeSet::new(),
            ended: false,
            last: BTreeMap::new(),
        }
    }

    fn shows(&mut self, line: &Line, role: Option<&Role>) -> bool {
        if !line.start {
            return self.last.get(&line.input).copied().unwrap_or(false);
        }
        let running = self.call.is_some() && !self.ended;
        let shows = match role {
            Some(role) if role.method == self.follow.method && role.number == self.follow.number => {
                self.call = Some(role.id);
                self.inputs.insert(line.input);
                self.ended |= role.last;
                true
            }
            Some(role) => {
                let begins = self.inputs.contains(&line.input) && Some(role.id) > self.call;
                let caused = running && (begins || self.caused.contains(&role.id));
                if caused {
                    self.inputs.insert(line.input);
                    self.caused.insert(role.id);
                    if role.last {
                        self.caused.remove(&role.id);
                    }
                }
                caused
            }
            None => running && self.inputs.contains(&line.input),
        };
        self.last.insert(line.input, shows);
        shows
    }
}
