//! The thread that looks after a node.
//!
//! In: where the node comes from. Out: the node in the hands of whoever calls it, as long as it is there; when it is
//! gone, the next one.

use std::sync::Arc;

use super::{Missing, NodeSource};
use crate::engine::Event;
use crate::link::Held;
use crate::text::words::mark;

/// What is said of a node that could not start and has told why itself.
const TOLD: &str = mark!("The node cannot start.");

/// Looks after a node until there will be none any more.
pub(super) fn run(held: &Arc<Held>, mut source: Box<dyn NodeSource>) {
    let mut said = String::new();
    loop {
        match once(held, &mut *source) {
            Ok(why) => {
                tracing::warn!(target: "gui", "{why}");
                said.clone_from(&why);
                held.tell(Event::Lost(why));
            }
            Err(Missing::Never(why)) => {
                let why =
                    if why.is_empty() { held.last_error().unwrap_or_else(|| TOLD.to_owned()) } else { why };
                tracing::error!(target: "gui", "{why}");
                held.tell(Event::Refused(why));
                return;
            }
            Err(Missing::Later(why)) if why != said => {
                tracing::info!(target: "gui", "{why}");
                said.clone_from(&why);
                held.tell(Event::Lost(why));
            }
            Err(Missing::Later(_)) => {}
        }
        match source.pause() {
            Some(pause) => std::thread::sleep(pause),
            None => return,
        }
    }
}

/// All of one node's time; gives why it is gone.
fn once(held: &Arc<Held>, source: &mut dyn NodeSource) -> Result<String, Missing> {
    let opened = source.open(&|step| held.tell(Event::Opening(step.to_owned())))?;
    held.ends_by(opened.end, opened.force);
    held.note(|around| around.node = opened.pid);
    let listened = held.open(opened.node, opened.gone);
    let started = match (listened, opened.start) {
        (Err(error), _) => Err(error.text().to_owned()),
        (Ok(()), Some(start)) => start(),
        (Ok(()), None) => Ok(()),
    };
    match started {
        Ok(()) => held.tell(Event::Up),
        Err(why) if source.pause().is_none() => {
            held.let_go();
            return Err(Missing::Never(why));
        }
        Err(why) => {
            held.let_go();
            return Err(Missing::Later(why));
        }
    }
    let why = (opened.wait)();
    held.let_go();
    Ok(why)
}
