//! A node in the same process.
//!
//! In: its interface, settings. Out: the node, which starts and ends with the window.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use bitcoin_init::config::Settings;
use bitcoin_ipc::interfaces::Node;

use super::{Missing, NodeSource, Opened, spawn};
use crate::text::words::mark;

/// A node in the same process.
pub(super) struct Hosted {
    node: Arc<dyn Node>,
    settings: Settings,
}

impl Hosted {
    pub(super) fn new(node: Arc<dyn Node>, settings: Settings) -> Hosted {
        Hosted { node, settings }
    }
}

impl NodeSource for Hosted {
    fn open(&mut self, step: &dyn Fn(&str)) -> Result<Opened, Missing> {
        step(mark!("Starting the node…"));
        let (starting, ending, settings) = (self.node.clone(), self.node.clone(), self.settings.clone());
        let (end, ended) = mpsc::channel::<()>();
        Ok(Opened {
            node: self.node.clone(),
            gone: Arc::new(|| false),
            pid: None,
            start: Some(Box::new(move || spawn::start(&*starting, settings))),
            wait: Box::new(move || {
                // It comes when the other end is dropped.
                let _ = ended.recv();
                mark!("The node has ended.").to_owned()
            }),
            end: Box::new(move || {
                let code = spawn::end(&*ending);
                drop(end);
                code
            }),
            force: None,
        })
    }

    fn pause(&self) -> Option<Duration> {
        None
    }
}
