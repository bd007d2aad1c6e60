//! The engine's thread.
//!
//! In: messages, from any thread. Out: after each batch of them the model, to whoever shows it, no more often than a
//! screen is drawn; and tasks, to whoever runs them. Without messages it sleeps.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Model, Msg, Task, reduce};
use crate::model::SessionId;

/// Where messages go. Clones are the same.
pub(crate) type Sender = mpsc::Sender<Msg>;

/// Runs tasks. It must not wait for them.
pub(crate) trait Run: Send {
    /// Begins one. What comes of it is sent as a message.
    fn run(&self, session: SessionId, task: Task);
}

/// The time between two models.
const FRAME: Duration = Duration::from_millis(16);
/// How often calls that are under way are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What a window holds of the engine: its model, and where to send commands.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    model: Arc<Mutex<Arc<Model>>>,
    sender: Sender,
}

impl Engine {
    /// Starts a thread that ends when all senders are gone. `wake` is called after each change of the model.
    ///
    /// # Errors
    ///
    /// There can be no more threads.
    pub(crate) fn start(
        run: impl FnOnce(Sender) -> Box<dyn Run>,
        wake: impl Fn(&Arc<Model>) + Send + 'static,
    ) -> std::io::Result<Engine> {
        let (sender, messages) = mpsc::channel();
        let engine = Engine { model: Arc::default(), sender: sender.clone() };
        let (model, run) = (engine.model.clone(), run(sender));
        let publish = move |next: &Arc<Model>| {
            *model.lock().unwrap_or_else(PoisonError::into_inner) = next.clone();
            wake(next);
        };
        std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || turn(&messages, &*run, &publish))?;
        Ok(engine)
    }

    /// What is to be shown.
    pub(crate) fn model(&self) -> Arc<Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until all that was sent before is taken, and shown.
    #[cfg(test)]
    pub(crate) fn sync(&self) {
        let (done, taken) = mpsc::channel();
        self.send(Msg::Sync(done));
        // The other end is dropped.
        let _ = taken.recv();
    }

    /// Sends a message. Once the engine has ended nobody hears it.
    pub(crate) fn send(&self, msg: Msg) {
        let _ = self.sender.send(msg);
    }
}

/// Takes messages until there are no senders.
fn turn(messages: &Receiver<Msg>, run: &dyn Run, publish: &dyn Fn(&Arc<Model>)) {
    let mut model = Arc::new(Model::default());
    let clock = Instant::now();
    let mut published: Option<Instant> = None;
    loop {
        let waiting = model.sessions.iter().any(|session| session.counts_time());
        let first = if waiting {
            match messages.recv_timeout(LOOK) {
                Ok(msg) => msg,
                Err(RecvTimeoutError::Timeout) => Msg::Tick,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        } else {
            match messages.recv() {
                Ok(msg) => msg,
                Err(_) => return,
            }
        };
        // Many messages make one model.
        if let Some(pause) = published.and_then(|then| FRAME.checked_sub(then.elapsed())) {
            std::thread::sleep(pause);
        }
        let before = model.clone();
        #[cfg(test)]
        let mut waiting = Vec::new();
        for msg in std::iter::once(first).chain(messages.try_iter()) {
            #[cfg(test)]
            if let Msg::Sync(done) = msg {
                waiting.push(done);
                continue;
            }
            let now = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
            for (session, task) in reduce(Arc::make_mut(&mut model), now, msg) {
                run.run(session, task);
            }
        }
        if before != model {
            publish(&model);
            published = Some(Instant::now());
        }
        #[cfg(test)]
        drop(waiting);
    }
}
