//! Very much happens while nobody looks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;

use super::fake::{FakeWallet, World, lock};
use super::{Gui, rich};
use crate::engine::{Answer, Answered, Engine, Event, Msg, Run, Task};
use crate::link::LISTEN_PAUSE;
use crate::model::{Chain, Form, Key, Level, Read, Session, SessionId};

/// How many events there are in a burst.
const MANY: u32 = 100_000;
/// What a window hears of a wallet.
const CALLBACKS: u64 = 6;

fn txid(number: u32) -> Txid {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    Txid::from_byte_array(bytes)
}

/// Counts tasks, which never end.
struct Counts(Arc<AtomicUsize>);

impl Run for Counts {
    fn run(&self, _: SessionId, _: Task) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// An event of each kind, one after the other.
fn event(number: u32) -> Event {
    let name = "w".to_owned();
    match number % 8 {
        0 => {
            let height = i32::try_from(number).expect("a height");
            Event::BlockTip(Chain { height: Some(height), ..Chain::default() })
        }
        1 => Event::StatusChanged(name),
        2 => Event::BookChanged(name),
        3 => Event::Alert,
        4 => Event::Message(Level::Warning, format!("message {number}")),
        5 => {
            Event::WalletProgress(name, "Rescanning".to_owned(), i32::try_from(number % 100).expect("a part"))
        }
        _ => Event::TransactionChanged(name, txid(number), true),
    }
}

#[test]
fn a46_what_a_stopped_window_finds_is_one_model_and_a_few_calls() {
    let (tasks, shown) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (ran, seen, stop) = (tasks.clone(), shown.clone(), Arc::new(Mutex::new(())));
    let stopped = stop.clone();
    let engine = Engine::start(
        move |_| -> Box<dyn Run> { Box::new(Counts(ran)) },
        move |_| {
            seen.fetch_add(1, Ordering::Relaxed);
            drop(lock(&stopped));
        },
    )
    .expect("a thread");
    let session = Session::new(0, "n".to_owned(), "/s".to_owned(), Form::Attached, bitcoin::Network::Regtest);
    engine.send(Msg::Session(Box::new(session)));
    engine.send(Msg::Event(0, Event::Up));
    let (key, names) = (Key::Read(Read::Wallets), vec!["w".to_owned()]);
    engine.send(Msg::Answered(0, Answered { key, answer: Answer::Wallets { process: 1, names } }));
    engine.sync();
    // It is stopped at the next model that it shows.
    let held = lock(&stop);
    let before = (shown.load(Ordering::Relaxed), tasks.load(Ordering::Relaxed));
    for number in 0..MANY {
        engine.send(Msg::Event(0, event(number)));
    }
    assert!(shown.load(Ordering::Relaxed) <= before.0 + 1, "it stands");
    let begun = Instant::now();
    drop(held);
    engine.sync();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    let (models, calls) =
        (shown.load(Ordering::Relaxed) - before.0, tasks.load(Ordering::Relaxed) - before.1);
    assert!(models <= 3, "{models} models of what is found at once");
    assert!(calls <= 10, "{calls} calls, as none of them has ended");
    let model = engine.model();
    assert_eq!(model.sessions[0].chain.height, Some(i32::try_from(MANY).expect("a height") - 8));
    let kept = format!("{model:?}").len();
    assert!(kept < 200_000, "{kept} letters are kept of {MANY} events");
    // What waits to be taken is bounded as well: the names in it are short.
    assert!(size_of::<Msg>() * usize::try_from(MANY).expect("a number") < 50 << 20);
}

#[test]
fn a46_a_window_that_looks_is_shown_no_more_models_than_frames() {
    let shown = Arc::new(AtomicUsize::new(0));
    let (seen, tasks) = (shown.clone(), Arc::default());
    let engine = Engine::start(
        move |_| -> Box<dyn Run> { Box::new(Counts(tasks)) },
        move |_| _ = seen.fetch_add(1, Ordering::Relaxed),
    )
    .expect("a thread");
    let session = Session::new(0, "n".to_owned(), "/s".to_owned(), Form::Attached, bitcoin::Network::Regtest);
    engine.send(Msg::Session(Box::new(session)));
    engine.send(Msg::Event(0, Event::Up));
    engine.sync();
    let (begun, before) = (Instant::now(), shown.load(Ordering::Relaxed));
    let (pause, rest) = mpsc::channel::<()>();
    for number in 0..MANY {
        engine.send(Msg::Event(0, event(number)));
        // They come over half a second.
        if number % 1_000 == 0 {
            let _ = rest.recv_timeout(Duration::from_millis(5));
        }
    }
    drop(pause);
    engine.sync();
    let frames = usize::try_from(begun.elapsed().as_millis() / 16).expect("a number") + 3;
    let models = shown.load(Ordering::Relaxed) - before;
    assert!(models <= frames, "{models} models in {frames} frames");
    assert!(models > 5, "{models} models: it goes on meanwhile");
}

#[test]
fn a46_a_wallet_that_was_not_heard_is_listened_to_again() {
    let mut gui = rich();
    let wallet = lock(&gui.world().loader.wallets)["w"].clone();
    let subscribed = wallet.gate.count("subscribe");
    let before = wallet.gate.total();
    for number in 0..MANY {
        wallet.change(txid(number));
    }
    wallet.receive(777, "Unheard");
    // Nobody tells of it any more: whoever listens notices that, and looks.
    gui.wait(|_| wallet.gate.count("subscribe") > subscribed);
    gui.wait_for("Received 0.00000777 BTC, Unheard, Unconfirmed");
    gui.settle();
    let listens = wallet.gate.count("subscribe") - subscribed;
    // It is given up once in 10,000 events.
    assert!(listens <= 60, "{listens} subscriptions");
    let calls = wallet.gate.total() - before;
    assert!(calls <= 2_000, "{calls} calls after {MANY} events");
    wallet.receive(778, "Heard");
    gui.wait_for("Received 0.00000778 BTC, Heard, Unconfirmed");
}

#[test]
fn a46_a_wallet_that_lets_go_at_once_is_not_asked_without_end() {
    let wallet = FakeWallet::with_coins("w");
    lock(&wallet.inside).deaf = true;
    let world = World::new(vec![wallet.clone()]);
    let begun = Instant::now();
    let mut gui = Gui::open(&world);
    gui.wait(|_| wallet.gate.count("subscribe") > 4 * CALLBACKS);
    let pauses = u64::try_from(begun.elapsed().as_millis() / LISTEN_PAUSE.as_millis()).expect("a number");
    let listened = wallet.gate.count("subscribe").div_ceil(CALLBACKS);
    assert!(listened <= pauses + 1, "listened to {listened} times in {pauses} pauses");
    // Whoever keeps to it then is heard.
    lock(&wallet.inside).deaf = false;
    let before = wallet.gate.count("subscribe");
    gui.wait(|_| wallet.gate.count("subscribe") >= before + CALLBACKS);
    gui.settle();
    wallet.receive(779, "Heard");
    gui.wait_for("Received 0.00000779 BTC, Heard, Unconfirmed");
}
