//! What follows from a message.
//!
//! In: the model, the time, a message. Out: the model as it is then, and what is to be called. Nothing here waits,
//! and the same messages at the same times give the same models.
//!
//! Something that is asked for while the same is under way is asked for once more when that has ended, and no
//! oftener: however many events come, there are two calls at most.

mod answer;
mod arrival;
mod command;
mod event;
mod wallet;
mod wallet_answer;

use std::sync::Arc;

use super::{Command, Failure, FailureKind, Msg, Task};
use crate::model::wallet::Fresh;
use crate::model::{Key, Level, Link, Model, Notices, Page, Read, Restart, Session, SessionId, Work};
use crate::text::words::mark;

/// After how many milliseconds a call is slow.
const SLOW: u64 = 2_000;

/// Takes a message.
pub(crate) fn reduce(model: &mut Model, now: u64, msg: Msg) -> Vec<(SessionId, Task)> {
    let id = match &msg {
        Msg::Session(session) => {
            if model.session(session.id).is_none() {
                model.sessions.push(Arc::new(Session::clone(session)));
            }
            return Vec::new();
        }
        Msg::Tick => {
            for session in &mut model.sessions {
                let next = (slowness(session, now), countdown(session, now), settles(session, now));
                if (session.slow, session.restart, session.settles) != next {
                    let session = Arc::make_mut(session);
                    (session.slow, session.restart, session.settles) = next;
                }
                arrival::tell_rest(session, &mut model.notices, now);
            }
            return Vec::new();
        }
        #[cfg(test)]
        Msg::Sync(_) => return Vec::new(),
        Msg::Command(id, _) | Msg::Event(id, _) | Msg::Answered(id, _) => *id,
    };
    let Model { sessions, notices } = model;
    // What comes of a session that is gone is dropped.
    let Some(session) = sessions.iter_mut().find(|session| session.id == id) else { return Vec::new() };
    let mut turn = Turn { session: Arc::make_mut(session), notices, now, tasks: Vec::new() };
    match msg {
        Msg::Command(_, command) => turn.command(command),
        Msg::Event(_, event) => turn.event(event),
        Msg::Answered(_, answered) => turn.answered(answered),
        _ => {}
    }
    turn.session.slow = slowness(turn.session, now);
    turn.session.restart = countdown(turn.session, now);
    turn.session.settles = settles(turn.session, now);
    let tasks = turn.tasks;
    arrival::tell_rest(session, notices, now);
    tasks.into_iter().map(|task| (id, task)).collect()
}

/// For how many seconds the slowest call has been under way, if that is long.
fn slowness(session: &Session, now: u64) -> Option<u64> {
    let short = session.work.iter().filter(|(key, _)| key.is_short());
    let longest = short.map(|(_, work)| now.saturating_sub(work.since)).max()?;
    (longest >= SLOW).then_some(longest / 1_000)
}

/// When the wallets come back, as it is now.
fn countdown(session: &Session, now: u64) -> Option<Restart> {
    let Restart { at, .. } = session.restart?;
    Some(Restart { at, seconds: at.saturating_sub(now).div_ceil(1_000) })
}

/// Until when wallets may still be loaded, if that is not over.
fn settles(session: &Session, now: u64) -> Option<u64> {
    let missing = session.has_wallets() && session.wallets.values().any(|wallet| !wallet.here);
    session.settles.filter(|until| missing && now < *until)
}

/// What one message changes.
struct Turn<'a> {
    session: &'a mut Session,
    notices: &'a mut Arc<Notices>,
    now: u64,
    tasks: Vec<Task>,
}

impl Turn<'_> {
    /// Tells the user something.
    fn tell(&mut self, level: Level, text: impl Into<String>) {
        Arc::make_mut(self.notices).add(level, text);
    }

    /// Tells the user something, also if he looks elsewhere.
    fn tell_urgently(&mut self, level: Level, text: impl Into<String>) {
        Arc::make_mut(self.notices).add_urgent(level, text, None);
    }

    /// Asks for something, now or once more when the same has ended.
    fn read(&mut self, read: Read) {
        let key = Key::Read(read.clone());
        match self.session.work.get_mut(&key) {
            Some(work) => work.again = true,
            None => {
                self.session.work.insert(key, Work { since: self.now, again: false });
                self.tasks.push(Task::Read(read));
            }
        }
    }

    /// Asks for something, unless the same is under way.
    fn need(&mut self, read: Read) {
        if !self.session.work.contains_key(&Key::Read(read.clone())) {
            self.read(read);
        }
    }

    /// Does something, unless the same kind of thing is under way. Says whether it is done.
    fn act(&mut self, task: Task) -> bool {
        if let Some(key) = task.key() {
            if self.session.work.contains_key(&key) {
                return false;
            }
            self.session.work.insert(key, Work { since: self.now, again: false });
        }
        self.tasks.push(task);
        true
    }

    /// A call has ended.
    fn ended(&mut self, key: &Key) {
        let work = self.session.work.remove(key);
        if let Key::Read(read) = key
            && work.is_some_and(|work| work.again)
            && self.session.is_up()
        {
            self.read(read.clone());
        }
    }

    /// Asks for what the page needs and nobody knows, or not any more. What is under way already may be older than the
    /// news, and is asked for once more.
    fn refresh(&mut self, news: bool) {
        if self.session.hidden {
            return;
        }
        for missing in self.missing() {
            if news { self.read(missing) } else { self.need(missing) }
        }
        if self.session.is_up() {
            self.first_address();
        }
    }

    /// What the page needs and nobody knows, or not any more.
    fn missing(&self) -> Vec<Read> {
        let (session, page) = (&*self.session, self.session.page);
        let mut missing = Vec::new();
        if page == Page::Settings && session.takes_settings() && !session.settings.is_fresh() {
            missing.push(Read::Settings);
        }
        if !session.is_up() {
            return missing;
        }
        if matches!(page, Page::Fees | Page::Node) && !session.mempool.is_fresh() {
            missing.push(Read::Mempool);
        }
        if page == Page::Processes && !session.processes.is_fresh() {
            missing.push(Read::Processes);
        }
        if page == Page::Peers && !session.peers.is_fresh() {
            missing.push(Read::Peers);
        }
        if page == Page::Node && session.console.methods.is_empty() {
            missing.push(Read::Methods);
        }
        if session.has_wallets() && page.is_of_wallet() {
            self.missing_of_wallet(&mut missing);
        }
        missing
    }

    /// The connection is gone, and with it what was asked for.
    fn expire(&mut self) {
        self.session.mempool.expire();
        self.session.files.expire();
        self.session.processes.expire();
        self.session.peers.expire();
        self.session.doing = None;
        for wallet in self.session.wallets.values_mut() {
            let wallet = Arc::make_mut(wallet);
            wallet.here = false;
            wallet.expire();
        }
    }

    /// Something could not be had. What is told elsewhere, or comes again by itself, is not told.
    fn failed(&mut self, failure: &Failure) {
        if failure.kind == FailureKind::Refused {
            self.tell(Level::Warning, failure.text.clone());
        }
    }

    /// Whether the node takes calls, or tells the user that it does not.
    fn is_up(&mut self) -> bool {
        let up = self.session.link == Link::Up;
        if !up {
            self.tell(Level::Warning, mark!("The node is not there: nothing was done."));
        }
        up
    }
}

/// Marks a value as one that may have changed.
fn expire<T>(value: &mut Fresh<T>) {
    value.expire();
}
