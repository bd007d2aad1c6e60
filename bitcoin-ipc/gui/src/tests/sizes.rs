//! Wallets of any size.

use eframe::egui::{self, Role};
use egui_kittest::kittest::Queryable as _;

use super::Gui;
use super::fake::{FakeWallet, World, lock};

/// A window on the history of a wallet with so many entries.
fn history(count: u64) -> Gui {
    let world = World::new(vec![FakeWallet::huge("w", count)]);
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.page("History");
    gui.wait_for("entries known");
    gui
}

fn rows(gui: &Gui) -> usize {
    gui.harness.query_all_by_role(Role::Row).count()
}

#[test]
fn a28_ten_thousand_entries_are_asked_for_as_they_are_scrolled() {
    let mut gui = history(10_000);
    gui.settle();
    let fetched = |gui: &Gui| gui.model().sessions[0].wallets["w"].history.fetched;
    assert_eq!(fetched(&gui), 200, "one page at first");
    // What is in sight and a few more is laid out.
    let in_sight = (720.0 / (super::super::view::ROW_HEIGHT + 6.0)) as usize;
    assert!(rows(&gui) <= in_sight + 4, "{} rows for {in_sight}", rows(&gui));
    gui.harness.hover_at(egui::pos2(500.0, 400.0));
    let mut scrolled = 0.0;
    for _ in 0..600 {
        let delta = egui::vec2(0.0, -60.0);
        let modifiers = egui::Modifiers::NONE;
        let phase = egui::TouchPhase::Move;
        gui.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta,
            phase,
            source: egui::MouseWheelSource::Unknown,
            modifiers,
        });
        gui.harness.step();
        scrolled += 60.0;
        assert!(rows(&gui) <= in_sight + 4);
    }
    gui.settle();
    let passed = (scrolled / (super::super::view::ROW_HEIGHT + 6.0)) as u64;
    // Pages overlap by an entry, and the next one is asked for ahead.
    assert!(fetched(&gui) <= passed + 2 * 200 + passed / 200 + 2, "{} for {passed} rows", fetched(&gui));
    let wallet = lock(&gui.world().loader.wallets)["w"].clone();
    assert_eq!(wallet.gate.count("getWalletTxs"), 0);
}

#[test]
fn a29_how_many_there_are_is_told_whoever_is_quicker() {
    let world = World::new(vec![FakeWallet::huge("w", 10_000)]);
    world.node.gate.shut_for("listtransactions");
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    // The page is there before any of its entries.
    gui.click(Role::Tab, "History");
    world.node.gate.shut(false);
    gui.wait_for("entries known of 10,000 transactions");
}

#[test]
fn a29_a_search_says_how_far_it_is_and_stops() {
    let mut gui = history(1_000_000);
    gui.type_in("Search", "Entry 17");
    gui.wait_for("entries of 1,000,000 transactions so far. Escape stops.");
    gui.wait(|gui| gui.model().sessions[0].wallets["w"].history.rows.len() > 2_000);
    gui.harness.key_press(egui::Key::Escape);
    gui.settle();
    gui.harness.run_steps(3);
    let known = gui.model().sessions[0].wallets["w"].history.rows.len();
    gui.settle();
    gui.harness.run_steps(50);
    assert_eq!(gui.model().sessions[0].wallets["w"].history.rows.len(), known, "it has stopped");
    assert!(!gui.sees("Escape stops."));
}

/// How many corners the triangles of a frame have, which is what drawing it costs.
fn corners(gui: &mut Gui) -> usize {
    gui.harness.run_steps(2);
    let (ctx, output) = (&gui.harness.ctx, gui.harness.output());
    let drawn = ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
    let corners = drawn.iter().map(|part| match &part.primitive {
        egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
        egui::epaint::Primitive::Callback(_) => 0,
    });
    corners.sum()
}

#[test]
fn a28_a29_a_frame_costs_the_same_however_long_the_history_is() {
    let mut small = history(201);
    small.settle();
    let mut huge = history(1_000_000);
    huge.settle();
    // As far as one scrolls in a while.
    huge.type_in("Search", "no such entry");
    huge.wait(|gui| gui.model().sessions[0].wallets["w"].history.rows.len() > 5_000);
    huge.harness.key_press(egui::Key::Escape);
    huge.settle();
    let (small, huge) = (corners(&mut small), corners(&mut huge));
    assert!(small > 1_000, "{small} corners");
    // Numbers are longer.
    assert!(huge <= small + small / 4, "{small} corners have become {huge}");
}

#[test]
fn entries_that_come_while_one_reads_are_on_top() {
    let mut gui = history(1_000);
    gui.settle();
    let wallet = lock(&gui.world().loader.wallets)["w"].clone();
    wallet.receive(12_345, "New one");
    gui.wait_for("Received 0.00012345 BTC, New one, Unconfirmed");
    let history = gui.model().sessions[0].wallets["w"].history.clone();
    assert_eq!(history.rows.get(0).map(|row| row.amount), Some(12_345));
}
