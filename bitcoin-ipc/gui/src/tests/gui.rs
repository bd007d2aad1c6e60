//! A window on a node in memory.
//!
//! In: a world. Out: its tree, clicks on it, and a wait for what has to come.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bitcoin::Network;
use bitcoin_init::config::SharedSettings;
use eframe::egui::{self, Galley, Role, Shape};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use jiff::tz::TimeZone;

use super::fake::World;
use super::raster::{Picture, Textures};
use crate::engine::{Engine, Event, Msg, Run};
use crate::link::{Held, Links};
use crate::model::prefs::Prefs;
use crate::model::{Form, Level, Model, Session};
use crate::view::{self, App, Clock};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A window on a node, in memory or not.
pub(crate) struct Gui {
    world: Option<Arc<World>>,
    pub(crate) engine: Engine,
    links: Links,
    held: Arc<Held>,
    pub(crate) harness: Harness<'static, App>,
    saved: Arc<Mutex<Option<Prefs>>>,
    textures: Textures,
}

impl Gui {
    /// A window that is connected.
    pub(crate) fn open(world: &Arc<World>) -> Gui {
        let mut gui = Gui::unconnected(world, Prefs::default());
        gui.connect();
        gui
    }

    /// A window with its node in the same process: no connection is between them.
    pub(crate) fn hosting(world: &Arc<World>) -> Gui {
        Gui::with_own(world, Form::Hosted, world.host())
    }

    /// A window with a node in a process that it has started.
    pub(crate) fn owning(world: &Arc<World>) -> Gui {
        Gui::with_own(world, Form::Spawned, world.connect().0)
    }

    fn with_own(world: &Arc<World>, form: Form, node: Arc<dyn bitcoin_ipc::interfaces::Node>) -> Gui {
        let alone = Gui::of_form("Own node", Prefs::default(), form);
        let mut gui = Gui { world: Some(world.clone()), ..alone };
        gui.held.open(node, Arc::new(|| false)).expect("a node that answers");
        gui.held.tell(Event::Up);
        gui.wait(|gui| gui.model().sessions.first().is_some_and(|session| session.chain.height.is_some()));
        gui
    }

    /// A window that waits for its node.
    pub(crate) fn unconnected(world: &Arc<World>, prefs: Prefs) -> Gui {
        Gui { world: Some(world.clone()), ..Gui::alone("/tmp/node.sock", prefs) }
    }

    /// A window on a node of another process, which it waits for.
    pub(crate) fn attach(socket: &Path) -> Gui {
        let gui = Gui::alone(&socket.display().to_string(), Prefs::default());
        let (socket, held) = (socket.to_owned(), gui.held.clone());
        std::thread::spawn(move || crate::program::look_after(&held, socket, Network::Regtest));
        gui
    }

    /// A window that starts its node.
    pub(crate) fn spawn(program: PathBuf, args: Vec<String>) -> Gui {
        let gui = Gui { world: None, ..Gui::of_form("Own node", Prefs::default(), Form::Spawned) };
        let held = gui.held.clone();
        std::thread::spawn(move || {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            crate::program::start_one(&held, program, &args);
        });
        gui
    }

    /// A window whose own node is on its way for ever.
    pub(crate) fn starting() -> Gui {
        Gui::of_form("Own node", Prefs::default(), Form::Spawned)
    }

    /// A window whose own node did not start, of these arguments.
    pub(crate) fn refused(args: &[&str], why: &str) -> Gui {
        let mut gui = Gui::starting();
        let settings = SharedSettings::new(crate::program::settings(args));
        gui.held.note(|around| around.settings = Some(settings));
        gui.held.tell(Event::Message(Level::Error, why.to_owned()));
        gui.held.tell(Event::Refused(why.to_owned()));
        gui.wait_for("Open settings");
        gui
    }

    /// One more node of another process, of this name, which is waited for.
    pub(crate) fn attach_also(&mut self, socket: &Path, name: &str) {
        let held = self.hold_also(name);
        let socket = socket.to_owned();
        std::thread::spawn(move || crate::program::look_after(&held, socket, Network::Regtest));
    }

    /// What is held of one more node, of this name.
    fn hold_also(&mut self, name: &str) -> Arc<Held> {
        let number = u32::try_from(self.model().sessions.len()).expect("a number");
        let held = self.links.hold(number, Network::Regtest);
        let session =
            Session::new(number, name.to_owned(), name.to_owned(), Form::Attached, Network::Regtest);
        self.engine.send(Msg::Session(Box::new(session)));
        self.wait(move |gui| gui.model().session(number).is_some());
        held
    }

    /// The node in memory.
    pub(crate) fn world(&self) -> &Arc<World> {
        self.world.as_ref().expect("a node in memory")
    }

    /// A window that nobody looks after.
    fn alone(place: &str, prefs: Prefs) -> Gui {
        Gui::of_form(place, prefs, Form::Attached)
    }

    fn of_form(place: &str, prefs: Prefs, form: Form) -> Gui {
        let links: Arc<Mutex<Option<Links>>> = Arc::default();
        let made = links.clone();
        let start = move |sender| -> Box<dyn Run> {
            let links = Links::new(sender);
            *made.lock().expect("links") = Some(links.clone());
            Box::new(links)
        };
        let engine = Engine::start(start, |_| ()).expect("a thread");
        let links = links.lock().expect("links").clone().expect("links");
        let held = links.hold(0, Network::Regtest);
        let place = place.to_owned();
        let session = Session::new(0, place.clone(), place, form, Network::Regtest);
        engine.send(Msg::Session(Box::new(session)));
        let saved: Arc<Mutex<Option<Prefs>>> = Arc::default();
        let kept = saved.clone();
        let save = Box::new(move |prefs: &Prefs| *kept.lock().expect("prefs") = Some(prefs.clone()));
        let clock = Clock { now: Box::new(|| 1_800_000_000), zone: TimeZone::UTC };
        let app = App::new(engine.clone(), clock, prefs, save);
        let textures = Textures::default();
        let harness = Harness::builder()
            .with_size(egui::vec2(1_000.0, 720.0))
            .with_step_dt(1.0 / 60.0)
            .renderer(textures.clone())
            .with_context_setup(view::prepare)
            .build_ui_state(|ui, app: &mut App| app.show(ui, None), app);
        Gui { world: None, engine, links, held, harness, saved, textures }
    }

    /// The node is found.
    pub(crate) fn connect(&mut self) {
        let (node, connection) = self.world().connect();
        self.held.open(node, Arc::new(move || connection.is_closed())).expect("a node that answers");
        self.held.tell(Event::Up);
        self.wait(|gui| gui.model().sessions.first().is_some_and(|session| session.chain.height.is_some()));
    }

    /// One more node, of this name.
    pub(crate) fn add(&mut self, world: &Arc<World>, name: &str) {
        let held = self.hold_also(name);
        let (node, connection) = world.connect();
        held.open(node, Arc::new(move || connection.is_closed())).expect("a node that answers");
        held.tell(Event::Up);
        self.wait(|gui| gui.model().sessions.last().is_some_and(|session| session.chain.height.is_some()));
    }

    /// The node is gone, as the thread notices that waits for the connection's end.
    pub(crate) fn lose_node(&mut self) {
        self.lose_node_by("The node has gone. Waiting for it at /tmp/node.sock.");
    }

    /// The same; what is shown then is this.
    pub(crate) fn lose_node_by(&mut self, banner: &str) {
        self.world().kill_node();
        self.held.let_go();
        self.held.tell(Event::Lost("The node has gone.".to_owned()));
        self.wait(|gui| gui.sees(banner));
    }

    /// What is shown.
    pub(crate) fn model(&self) -> Arc<Model> {
        self.engine.model()
    }

    /// What was saved last.
    pub(crate) fn saved(&self) -> Option<Prefs> {
        self.saved.lock().expect("prefs").clone()
    }

    /// Draws until something is so.
    #[track_caller]
    pub(crate) fn wait(&mut self, is: impl Fn(&Gui) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            self.harness.step();
            if is(self) {
                // What is clicked next has to be where it is drawn.
                self.harness.run_steps(2);
                return;
            }
            assert!(Instant::now() < until, "it did not come; what is there:\n{}", self.tree());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for a text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait(|gui| gui.sees(text));
    }

    /// Waits until no call is under way, and what came of them is drawn.
    #[track_caller]
    pub(crate) fn settle(&mut self) {
        let until = Instant::now() + PATIENCE;
        let mut quiet = 0;
        while quiet < 4 {
            self.harness.step();
            self.engine.sync();
            let model = self.model();
            let busy = model.sessions.iter().any(|session| session.work.keys().any(|key| key.is_short()));
            quiet = if busy { 0 } else { quiet + 1 };
            assert!(Instant::now() < until, "calls do not end:\n{:?}", model.sessions[0].work);
            if busy {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }

    /// Whether there is something with this text, or with it as a part.
    pub(crate) fn sees(&self, text: &str) -> bool {
        self.harness.root().children_recursive().any(|node| {
            let node = node.accesskit_node();
            let has = |found: Option<String>| found.is_some_and(|found| found.contains(text));
            has(node.label()) || has(node.value())
        })
    }

    /// All names and values, one a line.
    pub(crate) fn tree(&self) -> String {
        let mut text = String::new();
        for node in self.harness.root().children_recursive() {
            let node = node.accesskit_node();
            let (label, value) = (node.label().unwrap_or_default(), node.value().unwrap_or_default());
            if !label.is_empty() || !value.is_empty() {
                text.push_str(&format!("{:?}: {label} | {value}\n", node.role()));
            }
        }
        text
    }

    /// The texts that are drawn.
    fn texts(&self) -> Vec<Arc<Galley>> {
        let mut open: Vec<&Shape> =
            self.harness.output().shapes.iter().map(|clipped| &clipped.shape).collect();
        let mut texts = Vec::new();
        while let Some(shape) = open.pop() {
            match shape {
                Shape::Text(drawn) => texts.push(drawn.galley.clone()),
                Shape::Vec(shapes) => open.extend(shapes),
                _ => {}
            }
        }
        texts
    }

    /// All texts that are drawn, one a line.
    pub(crate) fn drawn(&self) -> String {
        self.texts().iter().map(|text| format!("{}\n", text.text())).collect()
    }

    /// The texts of which there is more than is drawn.
    pub(crate) fn cut(&self) -> Vec<String> {
        self.texts().iter().filter(|text| text.elided).map(|text| text.text().to_owned()).collect()
    }

    /// Clicks what has this role and name, and draws.
    #[track_caller]
    pub(crate) fn click(&mut self, role: Role, name: &str) {
        // What is below the fold is scrolled to, as a user would.
        self.harness.get_by_role_and_label(role, name).scroll_to_me();
        self.harness.run_steps(3);
        self.harness.get_by_role_and_label(role, name).click();
        // A dialog is laid out before it is drawn.
        self.harness.run_steps(4);
    }

    /// Clicks a button.
    #[track_caller]
    pub(crate) fn press(&mut self, name: &str) {
        self.click(Role::Button, name);
    }

    /// Goes to a page.
    #[track_caller]
    pub(crate) fn page(&mut self, name: &str) {
        self.click(Role::Tab, name);
        self.settle();
    }

    /// What has this name and takes text.
    #[track_caller]
    pub(crate) fn field<'a>(&'a self, name: &'a str) -> Node<'a> {
        let text = |node: &Node<'_>| {
            matches!(
                node.accesskit_node().role(),
                Role::TextInput | Role::PasswordInput | Role::MultilineTextInput
            )
        };
        let mut found = self.harness.get_all_by_label(name).filter(text);
        found.next().unwrap_or_else(|| panic!("no field {name} in\n{}", self.tree()))
    }

    /// Types into a field.
    #[track_caller]
    pub(crate) fn type_in(&mut self, name: &str, text: &str) {
        self.field(name).focus();
        self.harness.run_steps(2);
        self.field(name).type_text(text);
        self.harness.run_steps(2);
    }

    /// Empties a field.
    #[track_caller]
    pub(crate) fn clear(&mut self, name: &str) {
        self.field(name).focus();
        self.harness.run_steps(2);
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.run_steps(2);
        self.harness.key_press(egui::Key::Backspace);
        self.harness.run_steps(2);
    }

    /// Makes the window of so many pixels, and all in it larger or smaller.
    pub(crate) fn resize(&mut self, size: (f32, f32), zoom: u16) {
        self.harness.state_mut().state().prefs.zoom = zoom;
        self.harness.run_steps(3);
        self.harness.set_size(egui::vec2(size.0, size.1) / (f32::from(zoom) / 100.0));
        self.harness.run_steps(3);
    }

    /// A picture of what is drawn.
    pub(crate) fn picture(&mut self) -> Picture {
        self.harness.run_steps(2);
        self.textures.draw(&self.harness.ctx, self.harness.output())
    }

    /// Whether a button can be pressed.
    pub(crate) fn is_enabled(&self, name: &str) -> bool {
        let mut found = self.harness.query_all_by_label(name);
        found.any(|node| node.accesskit_node().role() == Role::Button && !node.accesskit_node().is_disabled())
    }
}
