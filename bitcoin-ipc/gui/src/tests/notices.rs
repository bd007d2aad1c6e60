//! What the user is told of.

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;

use super::fake::{FakeWallet, World, lock};
use super::{Gui, rich};
use crate::engine::{Answer, Answered, Arrival, Event, Failure, Msg, Task, WalletAnswer, reduce};
use crate::model::{Chain, Form, Key, Model, Read, Session};

#[test]
pub(super) fn what_comes_in_is_told_once_and_hidden_with_all_amounts() {
    let mut gui = rich();
    let wallet = lock(&gui.world().loader.wallets)["w"].clone();
    wallet.receive(12_345, "Carol");
    gui.wait_for("Notices (1)");
    gui.settle();
    assert_eq!(wallet.gate.count("getWalletTx"), 1);
    gui.press("Notices (1)");
    gui.wait_for("Received in the wallet w: 0.00012345 BTC");
    gui.harness.state_mut().state().prefs.hide_amounts = true;
    gui.harness.run_steps(3);
    assert!(gui.sees("Received in the wallet w: •••••") && !gui.sees("12345"));
}

#[test]
fn what_comes_to_a_wallet_that_is_not_shown_is_told_too() {
    let world = World::new(vec![FakeWallet::with_coins("a"), FakeWallet::with_coins("b")]);
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of a");
    gui.settle();
    let wallet = lock(&world.loader.wallets)["b"].clone();
    wallet.receive(7, "Carol");
    gui.wait_for("Notices (1)");
    assert!(format!("{:?}", gui.model().notices).contains("Received in the wallet b"));
}

/// A model with a wallet, and what is asked of new transactions of it.
struct Told(Model);

impl Told {
    fn new() -> Told {
        let mut model = Model::default();
        let network = bitcoin::Network::Regtest;
        let session = Session::new(0, "n".to_owned(), "/s".to_owned(), Form::Attached, network);
        reduce(&mut model, 0, Msg::Session(Box::new(session)));
        reduce(&mut model, 0, Msg::Event(0, Event::Up));
        let key = Key::Read(Read::Wallets);
        let answer = Answer::Wallets { process: 1, names: vec!["w".to_owned()] };
        reduce(&mut model, 0, Msg::Answered(0, Answered { key, answer }));
        Told(model)
    }

    /// A new transaction comes; whether it is asked what it pays.
    fn comes(&mut self, now: u64, number: u8) -> bool {
        let event = Event::TransactionChanged("w".to_owned(), id(number), true);
        let tasks = reduce(&mut self.0, now, Msg::Event(0, event));
        tasks.iter().any(|(_, task)| matches!(task, Task::Read(Read::Arrived(..))))
    }

    fn answers(&mut self, now: u64, number: u8, answer: Answer) {
        let key = Key::Read(Read::Arrived("w".to_owned(), id(number)));
        reduce(&mut self.0, now, Msg::Answered(0, Answered { key, answer }));
    }

    fn pays(&mut self, now: u64, number: u8, amount: i64) {
        let arrival = WalletAnswer::Arrived(Some(Arrival { amount, mined: false }));
        self.answers(now, number, Answer::Wallet("w".to_owned(), arrival));
    }

    /// What was told, the last one first.
    fn notices(&self) -> Vec<(&str, Option<u64>)> {
        self.0.notices.iter().map(|notice| (notice.text.as_str(), notice.amount)).collect()
    }
}

fn id(number: u8) -> Txid {
    Txid::from_byte_array([number; 32])
}

#[test]
fn a31_of_many_payments_one_is_asked_for_and_the_others_are_counted() {
    let mut told = Told::new();
    assert!(told.comes(1_000, 1));
    told.pays(1_010, 1, 5);
    for number in 2..=100 {
        assert!(!told.comes(1_000 + u64::from(number), number), "they are counted alone");
    }
    assert_eq!(told.notices(), [("Received in the wallet w", Some(5))]);
    assert!(told.0.sessions[0].counts_time(), "somebody is to look whether it is quiet");
    reduce(&mut told.0, 5_999, Msg::Tick);
    assert_eq!(told.notices().len(), 1);
    reduce(&mut told.0, 6_000, Msg::Tick);
    assert_eq!(told.notices()[0], ("99 more new transactions of the wallet w", None));
    // It is quiet again, and after a while the next one is asked for.
    assert!(!told.comes(6_001, 101));
    reduce(&mut told.0, 11_000, Msg::Tick);
    assert_eq!(told.notices()[0], ("1 more new transactions of the wallet w", None));
    assert!(told.comes(16_000, 102));
}

#[test]
fn what_is_old_or_ones_own_is_not_told() {
    let mut told = Told::new();
    assert!(told.comes(0, 1));
    told.pays(1, 1, -5);
    assert!(told.comes(10_000, 2));
    told.answers(10_001, 2, Answer::Failed(Failure::refused("no")));
    assert!(told.comes(20_000, 3));
    told.answers(20_001, 3, Answer::Wallet("w".to_owned(), WalletAnswer::Arrived(None)));
    assert_eq!(told.notices(), []);
    // A wallet that reads the chain tells of what is old.
    let reads = Event::WalletProgress("w".to_owned(), "Rescanning".to_owned(), 10);
    reduce(&mut told.0, 30_000, Msg::Event(0, reads));
    assert!(!told.comes(30_000, 4));
    let done = Event::WalletProgress("w".to_owned(), "Rescanning".to_owned(), 100);
    reduce(&mut told.0, 40_000, Msg::Event(0, done));
    let chain = Chain { height: Some(1), initial_download: true, ..Chain::default() };
    reduce(&mut told.0, 40_000, Msg::Event(0, Event::BlockTip(chain)));
    assert!(!told.comes(40_000, 5));
    reduce(&mut told.0, 50_000, Msg::Tick);
    assert_eq!(told.notices(), []);
}
