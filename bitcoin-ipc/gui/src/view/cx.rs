//! What every page needs to be drawn.
//!
//! In: the model, the time. Out: texts of amounts and times; commands that were given.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::engine::{Command, WalletCommand};
use crate::model::prefs::Prefs;
use crate::model::{Model, Session, SessionId, Wallet};
use crate::text::words::known;
use crate::text::{amount, time};

/// Where the time comes from.
pub(crate) struct Clock {
    /// Seconds since 1970.
    pub(crate) now: Box<dyn Fn() -> i64>,
    /// Where the user is.
    pub(crate) zone: TimeZone,
}

/// What every page needs to be drawn.
pub(crate) struct Cx<'a> {
    /// Everything.
    pub(crate) model: &'a Model,
    /// The node that is shown.
    pub(crate) session: &'a Session,
    clock: &'a Clock,
    prefs: Prefs,
    commands: &'a mut Vec<(SessionId, Command)>,
}

/// What stands for an amount that is hidden.
pub(crate) const HIDDEN: &str = "•••••";

impl<'a> Cx<'a> {
    pub(super) fn new(
        model: &'a Model,
        session: &'a Session,
        clock: &'a Clock,
        commands: &'a mut Vec<(SessionId, Command)>,
    ) -> Self {
        Cx { model, session, clock, prefs: Prefs::default(), commands }
    }

    /// Has what follows look as the user likes it.
    pub(super) fn prefer(&mut self, prefs: &Prefs) {
        self.prefs = prefs.clone();
    }

    /// What the user likes.
    pub(crate) fn prefs(&self) -> &Prefs {
        &self.prefs
    }

    /// The wallet that is shown.
    pub(crate) fn wallet(&self) -> Option<&'a Wallet> {
        self.session.wallet().map(AsRef::as_ref)
    }

    /// The user wants something.
    pub(crate) fn command(&mut self, command: Command) {
        self.commands.push((self.session.id, command));
    }

    /// The user wants something of a node that is not shown.
    pub(crate) fn command_to(&mut self, session: SessionId, command: Command) {
        self.commands.push((session, command));
    }

    /// The user wants something of the wallet that is shown.
    pub(crate) fn wallet_command(&mut self, command: WalletCommand) {
        if let Some(wallet) = self.wallet() {
            self.command(Command::Wallet(wallet.name.clone(), command));
        }
    }

    /// An amount, or what stands for it.
    pub(crate) fn amount(&self, sat: u64) -> String {
        if self.prefs.hide_amounts {
            return format!("{HIDDEN} {}", self.prefs.unit.name());
        }
        amount::plain(sat, self.prefs.unit)
    }

    /// An amount that may be negative, or what stands for it.
    pub(crate) fn signed(&self, sat: i64) -> String {
        if self.prefs.hide_amounts {
            return format!("{HIDDEN} {}", self.prefs.unit.name());
        }
        amount::signed(sat, self.prefs.unit)
    }

    /// What somebody else says, with amounts in it or what stands for them.
    pub(crate) fn told<'b>(&self, text: &'b str) -> Cow<'b, str> {
        match known(text) {
            Cow::Borrowed(text) => self.veiled(text),
            Cow::Owned(text) => self.veiled(&text).into_owned().into(),
        }
    }

    /// The same of what is in no language.
    pub(crate) fn veiled<'b>(&self, text: &'b str) -> Cow<'b, str> {
        if self.prefs.hide_amounts { amount::masked(text, HIDDEN).into() } else { text.into() }
    }

    /// An amount also where they are hidden.
    pub(crate) fn bare(&self, sat: u64) -> String {
        amount::plain(sat, self.prefs.unit)
    }

    /// A date.
    pub(crate) fn date(&self, seconds: i64) -> String {
        time::date(seconds, &self.clock.zone)
    }

    /// Where the user is.
    pub(crate) fn zone(&self) -> TimeZone {
        self.clock.zone.clone()
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        (self.clock.now)()
    }
}
