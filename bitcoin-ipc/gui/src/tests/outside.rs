//! The window as a whole: in front, hidden, closed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use eframe::egui::{self, ViewportCommand, ViewportEvent, ViewportId};

use super::fake::lock;
use super::{Gui, rich};
use crate::model::Page;
use crate::model::wish::Wish;
use crate::view::Outside;

/// A window with something around it.
struct Around {
    gui: Gui,
    wishes: mpsc::Sender<Wish>,
    tray: Arc<AtomicBool>,
    front: Arc<Mutex<Vec<bool>>>,
}

impl Around {
    fn new() -> Around {
        let mut gui = rich();
        let (sender, wishes) = mpsc::channel();
        let (tray, front) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
        let told = front.clone();
        let outside =
            Outside { wishes, tray: tray.clone(), front: Box::new(move |front| lock(&told).push(front)) };
        gui.harness.state_mut().heeds(outside);
        Around { gui, wishes: sender, tray, front }
    }

    /// How the system says that it is.
    fn viewport(&mut self) -> &mut egui::ViewportInfo {
        self.gui.harness.input_mut().viewports.entry(ViewportId::ROOT).or_default()
    }

    /// What the window is told in one frame.
    fn step(&mut self) -> Vec<ViewportCommand> {
        self.gui.harness.step();
        let output = &self.gui.harness.output().viewport_output;
        output.get(&ViewportId::ROOT).map(|viewport| viewport.commands.clone()).unwrap_or_default()
    }

    /// Its button is pressed; what the window is told then.
    fn close(&mut self) -> Vec<ViewportCommand> {
        self.viewport().events.push(ViewportEvent::Close);
        let commands = self.step();
        if let Some(viewport) = self.gui.harness.input_mut().viewports.get_mut(&ViewportId::ROOT) {
            viewport.events.clear();
        }
        commands
    }

    fn wish(&mut self, wish: Wish) -> Vec<ViewportCommand> {
        self.wishes.send(wish).expect("a window");
        self.step()
    }

    fn stays(&mut self, tray: bool, stays: bool) {
        let prefs = &mut self.gui.harness.state_mut().state().prefs;
        (prefs.tray, prefs.stays) = (tray, stays);
    }
}

const HIDE: ViewportCommand = ViewportCommand::Visible(false);
const SHOW: ViewportCommand = ViewportCommand::Visible(true);

#[test]
fn a_closed_window_stays_in_the_tray_if_that_is_wanted_and_there_is_one() {
    let mut around = Around::new();
    around.stays(true, true);
    let commands = around.close();
    assert!(commands.contains(&ViewportCommand::CancelClose) && commands.contains(&HIDE), "{commands:?}");
    assert!(!around.gui.harness.state().is_over());
    let commands = around.wish(Wish::Show);
    assert!(commands.contains(&SHOW) && commands.contains(&ViewportCommand::Focus), "{commands:?}");
    // A desktop that loses its tray brings back what is hidden, and lets alone what is not.
    assert_eq!(around.wish(Wish::Return), []);
    around.close();
    assert!(around.wish(Wish::Return).contains(&SHOW));
    around.close();
    let commands = around.wish(Wish::Page(Page::Receive));
    assert!(commands.contains(&SHOW));
    around.gui.wait_for("QR code of");
    // What the menu closes is closed.
    around.close();
    assert!(around.wish(Wish::Close).contains(&SHOW), "it says what it waits for");
    around.gui.wait(|gui| gui.harness.state().is_over());
    assert_eq!(around.gui.harness.state().exit_code(), 0);
}

#[test]
fn a_window_that_nobody_could_find_is_not_hidden() {
    for (there, tray, stays) in [(false, true, true), (true, false, true), (true, true, false)] {
        let mut around = Around::new();
        around.tray.store(there, Ordering::Relaxed);
        around.stays(tray, stays);
        assert!(!around.close().contains(&HIDE), "{there} {tray} {stays}");
        around.gui.wait(|gui| gui.harness.state().is_over());
    }
}

#[test]
fn who_shows_notices_hears_whether_the_window_is_in_front() {
    let mut around = Around::new();
    let mut focus = |focused| {
        around.gui.harness.input_mut().viewports.entry(ViewportId::ROOT).or_default().focused = focused;
        around.gui.harness.run_steps(3);
        lock(&around.front).clone()
    };
    assert_eq!(focus(Some(true)).last(), Some(&true));
    let told = focus(Some(true)).len();
    assert_eq!(focus(Some(true)).len(), told, "it is told once");
    assert_eq!(focus(Some(false)).last(), Some(&false));
}

#[test]
fn a44_a_window_that_nobody_sees_asks_for_nothing() {
    let mut around = Around::new();
    let world = around.gui.world().clone();
    let calls = || super::calls::calls(&world);
    type Hide = fn(&mut Around, bool);
    let ways: [(&str, Hide); 3] = [
        ("made small", |around, hidden| around.viewport().minimized = Some(hidden)),
        ("behind another one", |around, hidden| around.viewport().occluded = Some(hidden)),
        ("in the tray", |around, hidden| {
            around.stays(true, true);
            if hidden {
                around.close();
            } else {
                around.wish(Wish::Show);
            }
        }),
    ];
    for (way, hide) in ways {
        let height = *lock(&world.node.height);
        hide(&mut around, true);
        around.gui.settle();
        let before = calls();
        for _ in 0..5 {
            world.node.mine();
        }
        around.gui.wait_for(&format!("Height {},", height + 5));
        around.gui.settle();
        assert_eq!(calls(), before, "{way}");
        // Whoever looks again sees how it is now.
        hide(&mut around, false);
        around.gui.settle();
        assert_eq!(calls() - before, 2, "{way}: getbalances, as the node and as the wallet count it");
        assert!(around.gui.model().sessions[0].wallets["w"].balances.is_fresh());
    }
}
