//! What a frame costs, however long the history is.
//!
//! `GUI_FRAMES=print` says how long frames take, `GUI_FRAMES=check` compares that with the goals. Both want a release
//! build and a quiet machine; otherwise it is counted what is done in a frame.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::hashes::Hash as _;
use bitcoin::{Network, Txid};
use eframe::egui::{self, Key, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use jiff::tz::TimeZone;

use crate::engine::{Command, WalletCommand};
use crate::model::history::{FAR, History, PAGE};
use crate::model::row::{Category, Row, Status};
use crate::model::rows::Rows;
use crate::model::{Form, Link, Model, Page, Session, SessionId, Wallet, Wallets};
use crate::view::{self, Clock, ROW_HEIGHT, SLICE, State};

/// A window that draws this, and nobody behind it.
struct Drawn {
    model: Arc<Model>,
    state: State,
    clock: Clock,
    commands: Vec<(SessionId, Command)>,
}

fn row(number: u64) -> Row {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&number.to_le_bytes());
    Row {
        txid: Txid::from_byte_array(id),
        vout: 0,
        category: Category::Receive,
        amount: 1_000 + number as i64,
        fee: None,
        address: format!("bcrt1q{number:034}"),
        label: format!("Entry {number}"),
        time: 1_700_000_000 + number as i64,
        status: Status::Confirmed { height: 1 },
    }
}

/// The history of a wallet with so many entries, all of them known, or all but the last.
fn window(count: u64, to_the_end: bool) -> Harness<'static, Drawn> {
    let mut rows = Rows::default();
    let mut rest = count;
    while rest > 0 {
        let next = rest.saturating_sub(FAR as u64);
        rows.add((next..rest).rev().map(row).collect());
        rest = next;
    }
    let mut history = History::default();
    (history.rows, history.to_the_end) = (rows, to_the_end);
    let wallet = Wallet { name: "w".to_owned(), here: true, history: Arc::new(history), ..Wallet::default() };
    let place = "/tmp/node.sock".to_owned();
    let mut session = Session::new(0, place.clone(), place, Form::Attached, Network::Regtest);
    session.link = Link::Up;
    session.wallet_process = Wallets::Ready;
    session.chain.height = Some(200);
    session.page = Page::History;
    session.shown = Some("w".to_owned());
    session.wallets.insert("w".to_owned(), Arc::new(wallet));
    let model = Arc::new(Model { sessions: vec![Arc::new(session)], ..Model::default() });
    let mut state = State::new(Default::default());
    state.page = Page::History;
    let clock = Clock { now: Box::new(|| 1_800_000_000), zone: TimeZone::UTC };
    let drawn = Drawn { model, state, clock, commands: Vec::new() };
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1_000.0, 720.0))
        .with_step_dt(1.0 / 60.0)
        .with_context_setup(view::prepare)
        .build_ui_state(
            |ui, drawn: &mut Drawn| {
                let commands = view::draw(ui, &drawn.model, &mut drawn.state, &drawn.clock);
                drawn.commands.extend(commands);
            },
            drawn,
        );
    harness.run_steps(4);
    harness
}

fn sees(harness: &Harness<'_, Drawn>, text: &str) -> bool {
    harness.query_by_label_contains(text).is_some()
}

/// So many frames, each after something; what each of them took. In each of them a few rows are laid out.
fn frames(
    harness: &mut Harness<'_, Drawn>,
    count: usize,
    mut before: impl FnMut(&mut Harness<'_, Drawn>, usize),
) -> Vec<Duration> {
    let in_sight = (720.0 / (ROW_HEIGHT + 6.0)) as usize;
    let mut took = Vec::with_capacity(count);
    for number in 0..count {
        before(harness, number);
        let began = Instant::now();
        harness.step();
        took.push(began.elapsed());
        let rows = harness.query_all_by_role(Role::Row).count();
        assert!(rows <= in_sight + 4, "{rows} rows for {in_sight}");
    }
    took
}

fn wheel(harness: &mut Harness<'_, Drawn>, by: f32) {
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, by),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: egui::Modifiers::NONE,
    });
}

fn searched(harness: &Harness<'_, Drawn>) -> usize {
    harness.state().state.wallets.values().map(|of_wallet| of_wallet.found.searched()).sum()
}

/// Says what frames took, or compares it with the goal for 99 of 100.
fn measure(what: &str, count: u64, mut took: Vec<Duration>, goal: Duration) {
    let Some(wish) = std::env::var_os("GUI_FRAMES") else { return };
    took.sort();
    let part = |of: usize| took[(took.len() * of / 100).min(took.len() - 1)];
    println!(
        "{what}, {count} rows: {} frames, median {:.2?}, 99 of 100 {:.2?}, longest {:.2?}; goal {goal:.0?}",
        took.len(),
        part(50),
        part(99),
        took[took.len() - 1],
    );
    assert!(wish != "check" || part(99) <= goal, "{what}, {count} rows: too slow");
}

fn frames_of(count: u64, goal: Duration) {
    let mut harness = window(count, true);
    harness.hover_at(egui::pos2(500.0, 400.0));
    let took = frames(&mut harness, 600, |harness, _| wheel(harness, -60.0));
    measure("scrolling", count, took, goal);
    // All of them in one step, and back.
    let took = frames(&mut harness, 60, |harness, number| {
        harness.key_press(if number == 0 { Key::End } else { Key::PageUp });
        if number == 1 {
            assert!(sees(harness, "Entry 0,"), "the oldest one is there");
        }
    });
    assert!(!sees(&harness, "Entry 0,"));
    measure("keys", count, took, goal);
    harness.key_press(Key::Home);
    harness.run_steps(2);
    assert!(sees(&harness, &format!("Entry {},", count - 1)));
    let field = harness.get_by_role_and_label(Role::TextInput, "Search");
    field.focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::TextInput, "Search").type_text("entry 17");
    // Whoever measures waits for all of it.
    let steps = if std::env::var_os("GUI_FRAMES").is_some() { count as usize / SLICE + 2 } else { 20 };
    let mut before = 0;
    let took = frames(&mut harness, steps, |harness, _| {
        let now = searched(harness);
        assert!(now <= before + SLICE, "{before} rows and then {now} in one frame");
        before = now;
    });
    assert!(searched(&harness) >= (count as usize).min(10 * SLICE), "it goes on by itself");
    measure("searching", count, took, goal);
}

#[test]
fn a28_frames_of_ten_thousand_rows() {
    frames_of(10_000, Duration::from_millis(8));
}

#[test]
fn a29_frames_of_a_million_rows() {
    frames_of(1_000_000, Duration::from_millis(16));
}

/// How many older entries were asked for since the last time.
fn asked(harness: &mut Harness<'_, Drawn>) -> Vec<usize> {
    let commands = std::mem::take(&mut harness.state_mut().commands);
    let older = commands.into_iter().filter_map(|(_, command)| match command {
        Command::Wallet(_, WalletCommand::Older(_, count)) => Some(count),
        _ => None,
    });
    older.collect()
}

#[test]
fn a29_the_end_is_gone_to_until_escape_or_the_wheel_stops_it() {
    let mut harness = window(1_000, false);
    harness.hover_at(egui::pos2(500.0, 400.0));
    harness.run_steps(5);
    asked(&mut harness);
    harness.run_steps(5);
    assert_eq!(asked(&mut harness), Vec::<usize>::new(), "the end is far away");
    for stop in [Some(Key::Escape), Some(Key::Home), Some(Key::PageUp), None] {
        harness.key_press(Key::End);
        harness.run_steps(3);
        assert!(sees(&harness, "On the way to the oldest ones. Escape stops.") && sees(&harness, "Entry 0,"));
        assert!(asked(&mut harness).contains(&FAR), "in large pages");
        match stop {
            Some(key) => harness.key_press(key),
            None => wheel(&mut harness, 60.0),
        }
        harness.run_steps(5);
        assert!(!sees(&harness, "On the way to the oldest ones."), "{stop:?}");
        asked(&mut harness);
        harness.run_steps(3);
        assert!(asked(&mut harness).iter().all(|count| *count == PAGE), "{stop:?}: as who scrolls");
    }
    // A key that is typed into a field is the field's.
    harness.get_by_role_and_label(Role::TextInput, "Search").focus();
    harness.run_steps(2);
    harness.key_press(Key::End);
    harness.run_steps(3);
    assert!(!sees(&harness, "On the way to the oldest ones."));
}
