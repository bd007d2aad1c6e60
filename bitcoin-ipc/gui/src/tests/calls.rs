//! How many calls follow from what happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;

use super::fake::{FakeWallet, World, lock};
use super::{Gui, rich};
use crate::engine::{Answer, Answered, Command, Event, Msg, Task, WalletAnswer, WalletCommand, reduce};
use crate::model::draft::{Fee, Payment};
use crate::model::{Balances, Form, Key, Link, Model, Page, Session};

/// The calls of a node and of its wallets.
pub(super) fn calls(world: &World) -> u64 {
    let wallets = lock(&world.loader.wallets);
    let of_wallets: u64 = wallets.values().map(|wallet| wallet.gate.total()).sum();
    world.node.gate.total() + world.loader.gate.total() + of_wallets
}

#[test]
fn a43_nothing_is_called_when_nothing_happens() {
    let mut gui = rich();
    for page in super::PAGES {
        gui.page(page);
        gui.settle();
        let before = calls(gui.world());
        gui.harness.run_steps(200);
        assert_eq!(calls(gui.world()), before, "{page}");
        gui.harness.run();
        assert!(!gui.harness.ctx.has_requested_repaint(), "{page} is drawn again for nothing");
    }
}

#[test]
fn a44_a_block_costs_one_call_for_the_wallet_that_is_shown() {
    let wallets = (0..20).map(|number| FakeWallet::with_coins(&format!("w{number:02}"))).collect();
    let world = World::new(wallets);
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w00");
    gui.settle();
    let before = calls(&world);
    world.node.mine();
    gui.wait_for("Height 201,");
    gui.settle();
    // The method, as the node and as the wallet count it.
    assert_eq!(calls(&world) - before, 2, "getbalances");
    assert_eq!(lock(&world.loader.wallets)["w00"].gate.count("getbalances"), 2);
    gui.page("Settings");
    let before = calls(&world);
    world.node.mine();
    gui.wait_for("Height 202,");
    gui.settle();
    assert_eq!(calls(&world), before, "no wallet is shown");
}

#[test]
fn a31_a_flood_of_events_costs_a_few_calls() {
    let mut gui = rich();
    let world = gui.world().clone();
    let wallet = lock(&world.loader.wallets)["w"].clone();
    let before = wallet.gate.count("getbalances");
    // While one call is under way.
    wallet.gate.shut(true);
    for number in 0..100_000_u64 {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        let event = Event::TransactionChanged("w".to_owned(), Txid::from_byte_array(bytes), false);
        gui.engine.send(Msg::Event(0, event));
    }
    gui.wait(|gui| gui.model().sessions[0].wallets["w"].history.stale);
    wallet.gate.shut(false);
    gui.settle();
    gui.wait(|gui| !gui.model().sessions[0].wallets["w"].history.stale);
    gui.settle();
    let calls = wallet.gate.count("getbalances") - before;
    // Each batch of what came while a call was under way is one more.
    assert!(calls <= 20, "{calls} calls");
}

fn session() -> Session {
    Session::new(0, "n".to_owned(), "/s".to_owned(), Form::Attached, bitcoin::Network::Regtest)
}

/// A model with a wallet that is shown.
fn ready() -> Model {
    let mut model = Model::default();
    reduce(&mut model, 0, Msg::Session(Box::new(session())));
    reduce(&mut model, 0, Msg::Event(0, Event::Up));
    let key = Key::Read(crate::model::Read::Wallets);
    reduce(&mut model, 0, Msg::Answered(0, Answered { key, answer: wallets(1) }));
    model
}

/// A list with the one wallet `w`, of a process with this number.
fn wallets(process: u64) -> Answer {
    Answer::Wallets { process, names: vec!["w".to_owned()] }
}

#[test]
fn a38_a_process_that_ends_before_its_list_is_taken_is_told_of() {
    let asked = || Key::Read(crate::model::Read::Wallets);
    let answer = |process| Msg::Answered(0, Answered { key: asked(), answer: wallets(process) });
    for known in [true, false] {
        let mut model = Model::default();
        if known {
            model = ready();
            reduce(&mut model, 0, Msg::Event(0, Event::InitWallet));
        } else {
            reduce(&mut model, 0, Msg::Session(Box::new(session())));
            reduce(&mut model, 0, Msg::Event(0, Event::Up));
        }
        assert!(model.sessions[0].work.contains_key(&asked()), "its list is asked for");
        // The list is on its way when the process ends.
        reduce(&mut model, 0, Msg::Event(0, Event::WalletsGone(2)));
        let tasks = reduce(&mut model, 0, answer(2));
        assert!(tasks.is_empty(), "nobody is there to be asked: {tasks:?}");
        let session = &model.sessions[0];
        assert_eq!(session.wallet_process, crate::model::Wallets::Lost);
        assert!(session.wallets.values().all(|wallet| !wallet.here));
        assert_eq!(model.notices.iter().filter(|notice| notice.text.contains("has ended")).count(), 1);
        // What it had just loaded is not there either.
        reduce(&mut model, 0, Msg::Event(0, Event::WalletLoaded("w".to_owned())));
        assert!(model.sessions[0].wallets.values().all(|wallet| !wallet.here));
        // The next one is there, and what is told late of an earlier one is not about it.
        reduce(&mut model, 0, Msg::Event(0, Event::InitWallet));
        reduce(&mut model, 0, answer(3));
        reduce(&mut model, 0, Msg::Event(0, Event::WalletsGone(2)));
        assert!(model.sessions[0].has_wallets() && model.sessions[0].wallets["w"].here);
        reduce(&mut model, 0, Msg::Event(0, Event::WalletsGone(3)));
        assert!(!model.sessions[0].has_wallets());
    }
}

#[test]
fn a31_of_what_is_asked_for_again_and_again_two_calls_are_made() {
    let mut model = ready();
    let key = Key::Read(crate::model::Read::Balances("w".to_owned()));
    assert!(model.sessions[0].work.contains_key(&key), "it is asked for");
    let txid = Txid::all_zeros();
    for _ in 0..1_000 {
        let event = Event::TransactionChanged("w".to_owned(), txid, false);
        assert!(reduce(&mut model, 0, Msg::Event(0, event)).is_empty());
    }
    let answer = || Answer::Wallet("w".to_owned(), WalletAnswer::Balances(Balances::default()));
    let next = reduce(&mut model, 0, Msg::Answered(0, Answered { key: key.clone(), answer: answer() }));
    assert_eq!(next.len(), 1, "once more");
    let next = reduce(&mut model, 0, Msg::Answered(0, Answered { key, answer: answer() }));
    assert!(next.is_empty());
}

#[test]
fn a61_a_payment_is_sent_once_however_often_it_is_asked_for() {
    let mut model = ready();
    let payment = Payment { payees: Vec::new(), fee: Fee::Target(6), coins: Vec::new() };
    let make = |payment: &Payment| {
        Msg::Command(0, Command::Wallet("w".to_owned(), WalletCommand::Make(payment.clone())))
    };
    assert_eq!(reduce(&mut model, 0, make(&payment)).len(), 1);
    assert!(reduce(&mut model, 0, make(&payment)).is_empty(), "one is being made");
    let review = crate::model::review::Review {
        payment,
        tx: bitcoin::Transaction {
            version: bitcoin::transaction::Version::TWO,
            lock_time: bitcoin::absolute::LockTime::ZERO,
            input: Vec::new(),
            output: Vec::new(),
        },
        fee: 1,
        vsize: None,
        inputs: Vec::new(),
        outputs: Vec::new(),
        warnings: Vec::new(),
    };
    let key = Key::Act("w".to_owned(), "send");
    let answer = Answer::Wallet("w".to_owned(), WalletAnswer::Made(Ok(Box::new(review))));
    reduce(&mut model, 0, Msg::Answered(0, Answered { key, answer }));
    let send = || Msg::Command(0, Command::Wallet("w".to_owned(), WalletCommand::Send(None)));
    let mut tasks = reduce(&mut model, 0, send());
    assert!(matches!(tasks.pop(), Some((0, Task::Wallet(_, _)))));
    for _ in 0..5 {
        assert!(reduce(&mut model, 0, send()).is_empty());
        let back = Msg::Command(0, Command::Wallet("w".to_owned(), WalletCommand::Draft));
        assert!(reduce(&mut model, 0, back).is_empty());
    }
}

#[test]
fn a37_a_window_ends_its_own_node_when_the_console_says_stop() {
    for (form, stopping) in [(Form::Spawned, true), (Form::Attached, false)] {
        let mut model = Model::default();
        let session = Session::new(0, "n".to_owned(), String::new(), form, bitcoin::Network::Regtest);
        reduce(&mut model, 0, Msg::Session(Box::new(session)));
        reduce(&mut model, 0, Msg::Event(0, Event::Up));
        let line = bitcoin_ipc::types::Secret::new(" stop ");
        let tasks = reduce(&mut model, 0, Msg::Command(0, Command::Console { line, wallet: None }));
        assert_eq!(matches!(model.sessions[0].link, Link::Stopping { .. }), stopping);
        assert_eq!(matches!(tasks[..], [(0, Task::Stop)]), stopping);
        assert_eq!(matches!(tasks[..], [(0, Task::Console { .. })]), !stopping);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Up,
    Lost,
    Gone(bool),
    Init,
    Loaded,
    Unloaded,
    Changed,
    Unheard,
    Tip,
    Show(Page),
    Balances,
    Wallets,
    Fails(bool),
    Tick,
}

/// Plays messages in any order.
fn play(steps: &[Step]) -> (Model, BTreeMap<u8, u32>) {
    let mut model = Model::default();
    let (mut tasks, mut process) = (BTreeMap::new(), 0);
    reduce(&mut model, 0, Msg::Session(Box::new(session())));
    let name = || "w".to_owned();
    for (now, step) in (0..).zip(steps) {
        let read = |read: crate::model::Read| Key::Read(read);
        let msg = match step {
            Step::Up => Msg::Event(0, Event::Up),
            Step::Lost => Msg::Event(0, Event::Lost("gone".to_owned())),
            // The one that was found, or the one whose list is on its way.
            Step::Gone(next) => Msg::Event(0, Event::WalletsGone(process + u64::from(*next))),
            Step::Init => Msg::Event(0, Event::InitWallet),
            Step::Loaded => Msg::Event(0, Event::WalletLoaded(name())),
            Step::Unloaded => Msg::Event(0, Event::WalletUnloaded(name())),
            Step::Changed => Msg::Event(0, Event::TransactionChanged(name(), Txid::all_zeros(), true)),
            Step::Unheard => Msg::Event(0, Event::Unheard(1, name())),
            Step::Tip => {
                Msg::Event(0, Event::BlockTip(crate::model::Chain { height: Some(7), ..Default::default() }))
            }
            Step::Show(page) => Msg::Command(0, Command::Show { page: *page, wallet: None }),
            Step::Balances => Msg::Answered(
                0,
                Answered {
                    key: read(crate::model::Read::Balances(name())),
                    answer: Answer::Wallet(name(), WalletAnswer::Balances(Balances::default())),
                },
            ),
            Step::Wallets => {
                process += 1;
                let (key, answer) = (read(crate::model::Read::Wallets), wallets(process));
                Msg::Answered(0, Answered { key, answer })
            }
            Step::Fails(timed_out) => Msg::Answered(
                0,
                Answered {
                    key: read(crate::model::Read::Balances(name())),
                    answer: Answer::Failed(crate::engine::Failure {
                        kind: match timed_out {
                            true => crate::engine::FailureKind::TimedOut,
                            false => crate::engine::FailureKind::WalletsGone,
                        },
                        text: String::new(),
                    }),
                },
            ),
            Step::Tick => Msg::Tick,
        };
        let link = model.sessions[0].link.clone();
        for (_, task) in reduce(&mut model, now * 500, msg) {
            assert!(model.sessions[0].is_up(), "a task for a node that is not there: {task:?}, {link:?}");
            *tasks.entry(0).or_default() += 1;
        }
        let session = &model.sessions[0];
        assert!(session.work.len() <= 16, "calls pile up");
        if !matches!(session.link, Link::Up) {
            assert!(!session.has_wallets());
        }
        assert!(
            !session.has_wallets() || session.wallets_of > session.wallets_ended,
            "wallets of a process that has ended"
        );
    }
    (model, tasks)
}

mod any_order {
    use proptest::prelude::*;

    use super::*;

    fn step() -> impl Strategy<Value = Step> {
        let pages = proptest::sample::select(Page::ALL.to_vec());
        prop_oneof![
            Just(Step::Up),
            Just(Step::Lost),
            any::<bool>().prop_map(Step::Gone),
            Just(Step::Init),
            Just(Step::Loaded),
            Just(Step::Unloaded),
            Just(Step::Changed),
            Just(Step::Unheard),
            Just(Step::Tip),
            pages.prop_map(Step::Show),
            Just(Step::Balances),
            Just(Step::Wallets),
            any::<bool>().prop_map(Step::Fails),
            Just(Step::Tick),
        ]
    }

    proptest! {
        #[test]
        fn a61_any_order_of_messages_ends_well(steps in proptest::collection::vec(step(), 0..200)) {
            let (model, _) = play(&steps);
            let (again, _) = play(&steps);
            prop_assert_eq!(&model, &again, "the same messages give the same model");
            // However it went, a node that is there is asked for all that is shown.
            let mut model = model;
            reduce(&mut model, 1 << 40, Msg::Event(0, Event::Lost(String::new())));
            reduce(&mut model, 1 << 40, Msg::Event(0, Event::Up));
            let session: &Arc<Session> = &model.sessions[0];
            prop_assert!(session.work.contains_key(&Key::Read(crate::model::Read::Wallets)));
        }
    }
}
