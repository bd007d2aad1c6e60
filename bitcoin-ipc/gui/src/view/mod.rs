//! The window.
//!
//! In: a model, clicks and keys. Out: what is drawn, and commands. Nothing here calls another process, waits or knows
//! of more than values: the same model and the same state are drawn the same way.

mod banner;
mod cx;
mod dialogs;
mod frame;
mod frames;
mod outside;
mod pages;
mod state;
mod theme;
mod widgets;

use std::sync::atomic::AtomicI32;
use std::sync::{Arc, mpsc};

use egui::FontInsert;
use egui::Ui;

use crate::engine::{Command, Engine, Msg};
use crate::model::bip21::PaymentUri;
use crate::model::prefs::Prefs;
use crate::model::{Link, Model, SessionId};
use crate::text::words::{self, Language, t};
pub(crate) use cx::{Clock, Cx};
#[cfg(test)]
pub(crate) use dialogs::Dialog;
pub(crate) use frame::network_name;
pub(crate) use outside::Outside;
#[cfg(test)]
pub(crate) use pages::found::SLICE;
pub(crate) use state::State;
#[cfg(test)]
pub(crate) use theme::{banner as banner_colours, fault as fault_colour};
pub(crate) use theme::{network as network_color, prepare};
#[cfg(test)]
pub(crate) use widgets::ROW as ROW_HEIGHT;

use eframe::egui;

/// Finds a font with the letters of a language.
pub(crate) type Letters = Box<dyn Fn(Language) -> Option<FontInsert>>;

/// Keeps what is to the user's taste.
pub(crate) type Save = Box<dyn Fn(&Prefs)>;

/// The window.
pub(crate) struct App {
    engine: Engine,
    clock: Clock,
    state: State,
    save: Save,
    /// What was saved last.
    saved: Prefs,
    /// Where the exit code goes.
    code: Arc<AtomicI32>,
    /// Finds the letters of a language that this program has not.
    letters: Letters,
    /// The languages whose letters were looked for.
    looked: Vec<Language>,
    /// Payments that somebody outside wants to make.
    payments: (mpsc::Sender<PaymentUri>, mpsc::Receiver<PaymentUri>),
    /// Where it is, and what is around it.
    place: outside::Place,
}

impl App {
    /// A window on an engine.
    pub(crate) fn new(engine: Engine, clock: Clock, prefs: Prefs, save: Save) -> App {
        App {
            engine,
            clock,
            state: State::new(prefs.clone()),
            save,
            saved: prefs,
            code: Arc::default(),
            letters: Box::new(|_| None),
            looked: Vec::new(),
            payments: mpsc::channel(),
            place: outside::Place::default(),
        }
    }

    /// Finds the letters of a language by this.
    pub(crate) fn finds(&mut self, letters: Letters) {
        self.letters = letters;
    }

    /// Speaks the language that the user likes, with its letters.
    fn speak(&mut self, ui: &Ui) {
        let language = self.state.prefs.language;
        words::speak(language);
        if language.has_own_letters() && !self.looked.contains(&language) {
            self.looked.push(language);
            if let Some(font) = (self.letters)(language) {
                ui.ctx().add_font(font);
            }
        }
    }

    /// Leaves the exit code of the nodes here.
    pub(crate) fn leaves(&mut self, code: Arc<AtomicI32>) {
        self.code = code;
    }

    /// Where payments are left that somebody outside wants to make. Each is filled in for the wallet that is shown.
    pub(crate) fn payments(&self) -> mpsc::Sender<PaymentUri> {
        self.payments.0.clone()
    }

    /// What is typed and chosen.
    #[cfg(test)]
    pub(crate) fn state(&mut self) -> &mut State {
        &mut self.state
    }

    /// Draws it, and sends what the user wants. The frame before took so many seconds, where that is known.
    pub(crate) fn show(&mut self, ui: &mut Ui, before: Option<f32>) {
        self.state.frames.drawn(before);
        self.heed(ui.ctx());
        let model = self.engine.model();
        self.speak(ui);
        theme::apply(ui.ctx(), &self.state.prefs);
        let commands = draw(ui, &model, &mut self.state, &self.clock);
        for (session, command) in commands {
            self.engine.send(Msg::Command(session, command));
        }
        if self.state.prefs != self.saved {
            self.saved = self.state.prefs.clone();
            (self.save)(&self.saved);
        }
    }

    /// Whether all nodes are left or have ended because somebody wanted that.
    #[cfg(test)]
    pub(crate) fn is_over(&self) -> bool {
        outside::is_over(&self.engine.model())
    }

    /// The exit code that the nodes left.
    pub(crate) fn exit_code(&self) -> i32 {
        let codes = self
            .engine
            .model()
            .sessions
            .iter()
            .map(|session| match session.link {
                Link::Closed { exit } => exit,
                Link::Refused { .. } => 1,
                _ => 0,
            })
            .max();
        codes.unwrap_or_default()
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.heed(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.show(ui, frame.info().cpu_usage);
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}

/// Draws a model, and gives what the user wants.
pub(crate) fn draw(
    ui: &mut Ui,
    model: &Arc<Model>,
    state: &mut State,
    clock: &Clock,
) -> Vec<(SessionId, Command)> {
    let mut commands = Vec::new();
    let id = state.session.filter(|id| model.session(*id).is_some());
    let id = id.or_else(|| model.sessions.first().map(|session| session.id));
    state.session = id;
    let Some(session) = id.and_then(|id| model.session(id)) else {
        egui::CentralPanel::default().show(ui, |ui| ui.label(t!("There is no node yet.")));
        return commands;
    };
    let mut cx = Cx::new(model, session, clock, &mut commands);
    state.follow(&mut cx);
    frame::show(ui, &mut cx, state);
    dialogs::show(ui, &mut cx, state);
    commands
}
