//! The window as a whole: it comes to the front, hides in the tray, and is closed.
//!
//! In: what is wanted from outside, and the window's own button. Out: commands for the window and for its nodes. This runs
//! also while nothing is drawn because the window is hidden.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use eframe::egui::{Context, ViewportCommand};

use super::App;
use crate::engine::{Command, Msg};
use crate::model::prefs::Prefs;
use crate::model::wish::Wish;
use crate::model::{Link, Model, Page};

/// How long after a window has lost the keys it is looked whether it can be seen.
const LOOK: Duration = Duration::from_millis(500);

/// What is around the window.
pub(crate) struct Outside {
    /// What is wanted of it.
    pub(crate) wishes: mpsc::Receiver<Wish>,
    /// Whether there is an icon that brings it back.
    pub(crate) tray: Arc<AtomicBool>,
    /// Hears whether the window is in front.
    pub(crate) front: Box<dyn Fn(bool)>,
}

/// Where the window is.
#[derive(Default)]
pub(super) struct Place {
    outside: Option<Outside>,
    /// Whether it was told to be in front.
    front: Option<bool>,
    /// Whether its nodes were told that nobody sees it.
    unseen: bool,
    /// Whether it is in the tray alone.
    hidden: bool,
    /// Whether it is to be closed, also where windows stay in the tray.
    quits: bool,
}

impl App {
    /// Heeds what is around the window.
    pub(crate) fn heeds(&mut self, outside: Outside) {
        self.place.outside = Some(outside);
    }

    /// Does what is wanted of the window as a whole.
    pub(crate) fn heed(&mut self, ctx: &Context) {
        if let Some(payment) = self.payments.1.try_iter().last() {
            self.state.page = Page::Send;
            self.state.payment = Some(payment);
            self.bring(ctx);
        }
        let wishes: Vec<Wish> =
            self.place.outside.iter().flat_map(|outside| outside.wishes.try_iter()).collect();
        for wish in wishes {
            match wish {
                Wish::Show => self.bring(ctx),
                Wish::Return if self.place.hidden => self.bring(ctx),
                Wish::Return => {}
                Wish::Page(page) => {
                    self.state.page = page;
                    self.bring(ctx);
                }
                Wish::Close => {
                    self.place.quits = true;
                    // It says what it waits for.
                    self.bring(ctx);
                    self.leave();
                }
            }
        }
        let front = ctx.input(|input| input.viewport().focused) == Some(true) && !self.place.hidden;
        if self.place.front.replace(front) != Some(front) {
            if let Some(outside) = &self.place.outside {
                (outside.front)(front);
            }
            // It may be on its way behind another one, which nobody tells.
            ctx.request_repaint_after(LOOK);
        }
        self.see(ctx);
        self.close(ctx);
    }

    /// Has the nodes asked for nothing that nobody sees: the window is in the tray, made small or behind others.
    fn see(&mut self, ctx: &Context) {
        let unseen = self.place.hidden || ctx.input(|input| input.viewport().visible()) == Some(false);
        if self.place.unseen != unseen {
            self.place.unseen = unseen;
            for session in &self.engine.model().sessions {
                self.engine.send(Msg::Command(session.id, Command::Hide(unseen)));
            }
        }
    }

    /// Brings the window to the front.
    fn bring(&mut self, ctx: &Context) {
        if std::mem::take(&mut self.place.hidden) {
            ctx.send_viewport_cmd(ViewportCommand::Visible(true));
        }
        ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
        ctx.send_viewport_cmd(ViewportCommand::Focus);
        ctx.request_repaint();
    }

    /// Whether a window that is closed stays in the tray.
    fn stays(&self) -> bool {
        let Prefs { tray, stays, .. } = self.state.prefs;
        let outside = self.place.outside.as_ref();
        let there = outside.is_some_and(|outside| outside.tray.load(Ordering::Relaxed));
        there && tray && stays && !self.place.quits && !self.state.closing
    }

    /// A window that is to be closed first leaves its nodes or ends them.
    fn close(&mut self, ctx: &Context) {
        let model = self.engine.model();
        if ctx.input(|input| input.viewport().close_requested()) {
            if is_over(&model) {
                return;
            }
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            if self.stays() {
                self.place.hidden = true;
                ctx.send_viewport_cmd(ViewportCommand::Visible(false));
            } else {
                self.leave();
            }
        }
        if is_over(&model) {
            self.code.store(self.exit_code(), Ordering::Relaxed);
            ctx.send_viewport_cmd(ViewportCommand::Close);
            ctx.request_repaint();
        }
    }

    /// Leaves the nodes, or ends them.
    fn leave(&mut self) {
        self.state.closing = true;
        for session in &self.engine.model().sessions {
            self.engine.send(Msg::Command(session.id, Command::Close));
        }
    }
}

/// Whether all nodes are left or have ended because somebody wanted that.
pub(super) fn is_over(model: &Model) -> bool {
    !model.sessions.is_empty()
        && model.sessions.iter().all(|session| matches!(session.link, Link::Closed { .. }))
}
